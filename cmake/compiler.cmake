# SPDX-License-Identifier: GPL-3.0-or-later
# Language, warnings, sanitizers and optimisation: the same for every target.

set(OCTROI_SANITIZE "" CACHE STRING "sanitizers, as -fsanitize= takes them")
option(OCTROI_UNITY "compile each folder as one translation unit: a third of the time from nothing" OFF)
option(OCTROI_FUZZ "build *_fuzz.cpp as libFuzzer targets (clang)" OFF)

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# -g1 keeps line numbers for back traces and sanitizers at a fraction of the build time and size.
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1 -fno-omit-frame-pointer -D_GLIBCXX_ASSERTIONS")
set(CMAKE_CXX_FLAGS_QUICK "-O0 -g0 -D_GLIBCXX_ASSERTIONS")
set(CMAKE_CXX_FLAGS_RELEASE "-O3 -g1 -DNDEBUG -fno-plt")
add_compile_options(
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual
    -Werror -Werror=unused-result
    # Said of members that a designated initialiser leaves to their defaults, which is what they are for.
    -Wno-missing-field-initializers)
add_link_options(-Wl,-z,relro,-z,now)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # False alarms of g++ 12 inside libstdc++ (GCC PR 105329, 105562, 105651) once it optimises.
    # The sanitizers, and clang's warnings in the tidy build, look for the same faults.
    add_compile_options(-Wno-restrict -Wno-maybe-uninitialized -Wno-array-bounds
        -Wno-stringop-overflow -Wno-stringop-overread)
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
    # g++ 12 clears and copies structs of some hundred octets with "rep stos" and "rep movs", which
    # take longer to begin than all the rest of a record or a packet takes.
    string(APPEND CMAKE_CXX_FLAGS_RELEASE
        " -mmemset-strategy=vector_loop:512:noalign,libcall:-1:noalign"
        " -mmemcpy-strategy=vector_loop:512:noalign,libcall:-1:noalign")
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    # clang blames the caller of std::stable_sort for what libstdc++ 12 does inside it.
    add_compile_options(-Wno-deprecated-declarations)
endif()

if(OCTROI_SANITIZE)
    add_compile_options("-fsanitize=${OCTROI_SANITIZE}" -fno-sanitize-recover=all)
    add_link_options("-fsanitize=${OCTROI_SANITIZE}")
endif()
if(OCTROI_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE}")
endif()
