# SPDX-License-Identifier: GPL-3.0-or-later
# Programs for the kernel: bpf/NAME.bpf.c, compiled by clang and embedded in the program as an array of octets.

find_program(OCTROI_BPF_CLANG NAMES clang-19 clang clang-18 clang-17 clang-16 clang-15 clang-14)
if(NOT OCTROI_BPF_CLANG)
    message(FATAL_ERROR "clang is missing; it compiles the programs in bpf/. Next: ./dev install (or apt-get install clang-19)")
endif()

# Debian keeps <asm/types.h> in a folder of the architecture, which clang does not search for the target bpf.
set(OCTROI_BPF_INCLUDES -I "${CMAKE_SOURCE_DIR}/bpf" -I "${CMAKE_SOURCE_DIR}/src")
if(CMAKE_LIBRARY_ARCHITECTURE)
    list(APPEND OCTROI_BPF_INCLUDES -I "/usr/include/${CMAKE_LIBRARY_ARCHITECTURE}")
endif()

# Adds `extern const std::span<const std::byte> octroi::NAME_bpf_object` to the target.
function(embed_bpf_object target name)
    set(source "${CMAKE_SOURCE_DIR}/bpf/${name}.bpf.c")
    set(object "${CMAKE_BINARY_DIR}/bpf/${name}.bpf.o")
    set(array "${CMAKE_BINARY_DIR}/bpf/${name}_bpf_object.cpp")
    file(MAKE_DIRECTORY "${CMAKE_BINARY_DIR}/bpf")
    add_custom_command(OUTPUT "${object}"
        COMMAND ${OCTROI_BPF_CLANG} -O2 -g -target bpf -mcpu=v3 -Wall -Wextra -Werror ${OCTROI_BPF_INCLUDES}
            -MD -MF "${object}.d" -c "${source}" -o "${object}"
        DEPENDS "${source}" DEPFILE "${object}.d" VERBATIM)
    add_custom_command(OUTPUT "${array}"
        COMMAND ${CMAKE_COMMAND} -DOBJECT=${object} -DARRAY=${array} -DNAME=${name}
            -P "${CMAKE_SOURCE_DIR}/cmake/embed_object.cmake"
        DEPENDS "${object}" "${CMAKE_SOURCE_DIR}/cmake/embed_object.cmake" VERBATIM)
    set_source_files_properties("${array}" PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    target_sources(${target} PRIVATE "${array}")
endfunction()
