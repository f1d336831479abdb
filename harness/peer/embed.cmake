# SPDX-License-Identifier: Apache-2.0
# Puts files into a C header, so that a program has them wherever it is installed.
#
#   cmake -DNAME=browser_page -DFILES="a.js;b.html" -DOUT=browser_page.h -P embed.cmake
cmake_minimum_required(VERSION 3.25)

set(text "/* Made by embed.cmake. */\n")
set(table "")
foreach(file IN LISTS FILES)
  cmake_path(GET file FILENAME path)
  string(MAKE_C_IDENTIFIER "${NAME}_${path}" symbol)
  file(READ "${file}" bytes HEX)
  string(REGEX REPLACE "(................................)" "\\1\n    " bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1, " bytes "${bytes}")
  string(APPEND text "static const unsigned char ${symbol}[] = {\n    ${bytes}0 };\n")
  string(APPEND table "    { \"${path}\", ${symbol} },\n")
endforeach()
string(APPEND text "static const struct {\n    const char *path;\n    const unsigned char *text;\n"
                   "} ${NAME}_files[] = {\n${table}};\n")
file(WRITE "${OUT}" "${text}")
