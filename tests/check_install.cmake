# SPDX-License-Identifier: Apache-2.0
# What is installed works from where it is: the programs stand beside each other, and
# rtclab finds its scenarios without being told.
#
#   cmake -DBUILD=FOLDER -P tests/check_install.cmake
cmake_minimum_required(VERSION 3.25)

set(place "${BUILD}/check-install")
file(REMOVE_RECURSE "${place}")
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${place}/usr"
                OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
foreach(file IN ITEMS bin/rtclab bin/rtcprobe bin/rtclab-signaling-client bin/rtclab-peer-nice
                      bin/rtclab-peer-libwebrtc bin/rtclab-peer-werift
                      bin/rtclab-peer-aiortc bin/rtclab-peer-chromium
                      bin/rtclab-peer-firefox share/man/man1/rtclab.1
                      share/man/man1/rtcprobe.1 share/bash-completion/completions/rtcprobe
                      share/doc/rtclab/examples/github-actions.yml
                      share/doc/rtclab/examples/gitlab-ci.yml
                      share/doc/rtclab/examples/kubernetes-job.yaml
                      share/doc/rtclab/examples/slurm-array.sh
                      share/doc/rtcprobe/examples/modules.json
                      share/doc/rtcprobe/examples/prometheus.yml
                      share/rtclab/scenarios/schema.json)
  if(NOT EXISTS "${place}/usr/${file}")
    message(FATAL_ERROR "${file} is not installed")
  endif()
endforeach()

# From an empty folder, so that no ./scenarios is near.
file(MAKE_DIRECTORY "${place}/empty")
execute_process(COMMAND "${CMAKE_COMMAND}" -E env --unset=RTCLAB_SCENARIOS
                        "${place}/usr/bin/rtclab" check
                WORKING_DIRECTORY "${place}/empty"
                OUTPUT_VARIABLE said COMMAND_ERROR_IS_FATAL ANY)
if(NOT said MATCHES "scenarios are valid")
  message(FATAL_ERROR "the installed rtclab check says: ${said}")
endif()
file(REMOVE_RECURSE "${place}")
