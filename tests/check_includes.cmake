# SPDX-License-Identifier: Apache-2.0
# Who may know whom: each box includes headers only of itself and of the boxes in its row.
# The static libraries enforce the same for calls, but a header can be had without a call.
#
#   cmake -DROOT=FOLDER -P tests/check_includes.cmake
cmake_minimum_required(VERSION 3.25)

set(basic_boxes base shim) # these know nothing else
set(wire_may_know base)
set(net_may_know base wire)
set(lab_may_know base wire net shim)
set(peer_may_know base wire)
set(scenario_may_know base wire net)
set(tls_may_know base wire)
set(reports_may_know base)
set(cli_may_know base)
set(signaling_may_know base wire peer)
set(call_may_know base wire net lab peer scenario reports signaling tls)
set(command_may_know base wire net lab peer scenario reports call signaling tls cli)
set(probes_may_know base wire cli tls)
set(main_may_know command)

# The network is pure, whatever a box that it knows declares.
set(pure_boxes net)
set(impure_headers "time|unistd|fcntl|poll|signal|pthread|dirent|sys/(socket|time|stat|random|epoll|timerfd)|gio/.*")
set(impure_calls "clock_now_ns|clock_calendar_ns|getrandom|clock_gettime|fopen|g_random_[a-z_]+|rand")

set(problems 0)

macro(complain file text)
  message("${file}: ${text}")
  math(EXPR problems "${problems} + 1")
endmacro()

function(check_file box file)
  cmake_path(RELATIVE_PATH file BASE_DIRECTORY "${ROOT}" OUTPUT_VARIABLE shown)
  file(STRINGS "${file}" lines REGEX "^[ \t]*#[ \t]*include[ \t]*\"")
  foreach(line IN LISTS lines)
    if(NOT line MATCHES "\"([a-z]+)/[^\"]*\"")
      complain("${shown}" "must name the box, as in \"base/error.h\", has ${line}")
    elseif(NOT CMAKE_MATCH_1 STREQUAL box AND NOT CMAKE_MATCH_1 IN_LIST ${box}_may_know)
      complain("${shown}" "${box} must not know ${CMAKE_MATCH_1}, has ${line}")
    endif()
  endforeach()
  if(box IN_LIST pure_boxes)
    file(STRINGS "${file}" lines REGEX "(include[ \t]*<(${impure_headers})\\.h>)|((${impure_calls}) *\\()")
    foreach(line IN LISTS lines)
      complain("${shown}" "${box} has no clock, chance or I/O of its own, has ${line}")
    endforeach()
  endif()
  set(problems ${problems} PARENT_SCOPE)
endfunction()

function(check_box box folder)
  file(GLOB_RECURSE files "${ROOT}/${folder}/*.[ch]")
  foreach(file IN LISTS files)
    check_file(${box} "${file}")
  endforeach()
  set(problems ${problems} PARENT_SCOPE)
endfunction()

# Each folder with sources is a box; one that has no row would otherwise go unchecked.
file(GLOB folders RELATIVE "${ROOT}/harness" "${ROOT}/harness/*")
foreach(box IN LISTS folders)
  file(GLOB_RECURSE sources "${ROOT}/harness/${box}/*.[ch]")
  if(NOT sources) # a file, or a folder of something else
    continue()
  endif()
  file(GLOB_RECURSE sources "${ROOT}/harness/${box}/*.[ch]")
  if(NOT sources)
    continue()
  endif()
  if(NOT DEFINED ${box}_may_know AND NOT box IN_LIST basic_boxes)
    complain("harness/${box}" "is no box that tests/check_includes.cmake knows")
  endif()
  check_box(${box} harness/${box})
endforeach()
check_box(reports reports)
check_box(probes probes)
check_file(main "${ROOT}/harness/main.c")

if(problems GREATER 0)
  message(FATAL_ERROR "${problems} includes are not allowed")
endif()
