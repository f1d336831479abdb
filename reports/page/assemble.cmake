# SPDX-License-Identifier: Apache-2.0
# Makes the report's page of its parts: one file, with D3, our scripts and styles inside,
# and a Content-Security-Policy that lets these run and nothing else.
#
#   cmake -DTEMPLATE=index.html -DD3=d3.min.js "-DSCRIPTS=a.js;b.js" "-DSTYLES=a.css;b.css"
#         -DOUT=index.html -P assemble.cmake
#
# Comments that take whole lines, indentation and empty lines are left out. So no script may
# have a template literal or a comment that begins in one line and goes on in the next.
cmake_minimum_required(VERSION 3.25)

# The hash of a text as a policy names it: SHA-256 in base64, which CMake does not have.
function(policy_hash text ret)
  set(letters ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/)
  string(SHA256 digest "${text}")
  string(APPEND digest "00") # 32 bytes and one: eleven groups of three
  set(out "")
  foreach(group RANGE 10)
    math(EXPR from "${group} * 6")
    string(SUBSTRING ${digest} ${from} 6 hex)
    foreach(shift IN ITEMS 18 12 6 0)
      math(EXPR at "(0x${hex} >> ${shift}) & 63")
      string(SUBSTRING ${letters} ${at} 1 letter)
      string(APPEND out ${letter})
    endforeach()
  endforeach()
  string(SUBSTRING ${out} 0 43 out)
  set(${ret} "'sha256-${out}='" PARENT_SCOPE)
endfunction()

# All files as one text without what only people read.
function(gather files ret)
  set(all "")
  foreach(file IN LISTS files)
    file(READ "${file}" text)
    string(REGEX REPLACE "\n[ \t]+" "\n" text "\n${text}")
    string(REGEX REPLACE "\n//[^\n]*" "" text "${text}")
    string(REGEX REPLACE "\n/\\*[^*\n]*\\*/" "" text "${text}")
    string(REGEX REPLACE "\n\n+" "\n" text "${text}")
    string(APPEND all "${text}")
  endforeach()
  if(all MATCHES "</(script|style)")
    message(FATAL_ERROR "the page's parts must not have \"${CMAKE_MATCH_0}\" in them")
  endif()
  set(${ret} "${all}" PARENT_SCOPE)
endfunction()

file(READ "${TEMPLATE}" page)
file(READ "${D3}" d3)
gather("${SCRIPTS}" script)
gather("${STYLES}" style)
policy_hash("${d3}" d3_hash)
policy_hash("${script}" script_hash)
policy_hash("${style}" style_hash)
foreach(part IN ITEMS d3_hash script_hash style_hash d3 script style)
  string(TOUPPER "@${part}@" mark)
  string(REPLACE "${mark}" "${${part}}" page "${page}")
endforeach()
file(WRITE "${OUT}" "${page}")
