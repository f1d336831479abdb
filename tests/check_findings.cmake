# SPDX-License-Identifier: Apache-2.0
# probes/FINDINGS.md has in each server's table the cases that its file in tests/data/probe/
# says are fail or non-strict, with that verdict, and no others.
#
#   cmake -DROOT=FOLDER -P tests/check_findings.cmake
cmake_minimum_required(VERSION 3.25)

set(problems 0)

macro(complain text)
  message("probes/FINDINGS.md: ${text}")
  math(EXPR problems "${problems} + 1")
endmacro()

# The rows of the section whose heading begins with a server's name, as "L08 fail".
function(read_page server ret_rows)
  set(rows "")
  set(is_inside FALSE)
  file(STRINGS "${ROOT}/probes/FINDINGS.md" lines ENCODING UTF-8 REGEX "^(##|[|] [A-Z][0-9])")
  foreach(line IN LISTS lines)
    if(line MATCHES "^## ([a-z-]+)")
      string(COMPARE EQUAL "${CMAKE_MATCH_1}" "${server}" is_inside)
    elseif(is_inside AND line MATCHES "^[|] ([A-Z][0-9][0-9])[^|]*[|] [*]*([a-z-]+)[*]* [|]")
      list(APPEND rows "${CMAKE_MATCH_1} ${CMAKE_MATCH_2}")
    endif()
  endforeach()
  set(${ret_rows} "${rows}" PARENT_SCOPE)
endfunction()

# The same of its file; a case may be there for each transport.
function(read_file server ret_rows)
  set(rows "")
  file(READ "${ROOT}/tests/data/probe/${server}.json" text)
  string(JSON n LENGTH "${text}" cases)
  math(EXPR last "${n} - 1")
  foreach(i RANGE ${last})
    string(JSON name MEMBER "${text}" cases ${i})
    string(JSON status GET "${text}" cases "${name}" status)
    if(status MATCHES "^(fail|non-strict)$")
      string(REGEX REPLACE "/.*" "" id "${name}")
      list(APPEND rows "${id} ${status}")
    endif()
  endforeach()
  set(${ret_rows} "${rows}" PARENT_SCOPE)
endfunction()

foreach(server IN ITEMS coturn node-turn)
  read_page(${server} shown)
  read_file(${server} wanted)
  list(LENGTH wanted n)
  if(n EQUAL 0)
    complain("tests/data/probe/${server}.json has no verdict that is fail or non-strict")
  endif()
  foreach(row IN LISTS wanted)
    if(NOT row IN_LIST shown)
      complain("${server}: no row for ${row}, which tests/data/probe/${server}.json has")
    endif()
  endforeach()
  foreach(row IN LISTS shown)
    if(NOT row IN_LIST wanted)
      complain("${server}: the row ${row} is not in tests/data/probe/${server}.json")
    endif()
  endforeach()
endforeach()

if(problems GREATER 0)
  message(FATAL_ERROR "${problems} problems")
endif()
