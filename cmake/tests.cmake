# SPDX-License-Identifier: GPL-3.0-or-later
# Unit tests, test folders that may include everything, fuzzers, and the benchmark.
include(GoogleTest)

# The environment of the tests, set once for all of them when ctest reads its files. OCTROI_TESTDATA is set only if
# the shared test data exists.
set(test_environment "
set(ENV{OCTROI_SOURCE} \"${CMAKE_SOURCE_DIR}\")
set(ENV{OCTROI_BINARY} \"${CMAKE_BINARY_DIR}/octroi\")
set(ENV{UBSAN_OPTIONS} print_stacktrace=1)
set(ENV{TSAN_OPTIONS} halt_on_error=1)
")
get_filename_component(testdata "${CMAKE_SOURCE_DIR}/../shared/testdata" ABSOLUTE)
if(EXISTS "${testdata}")
    string(APPEND test_environment "set(ENV{OCTROI_TESTDATA} \"${testdata}\")\n")
endif()
file(WRITE "${CMAKE_BINARY_DIR}/test_environment.cmake" "${test_environment}")
set_property(DIRECTORY PROPERTY TEST_INCLUDE_FILES "${CMAKE_BINARY_DIR}/test_environment.cmake")

# Targets for `./dev`. Their names stay the same when layers are added or removed.
add_custom_target(unit_tests)     # unit tests, replay of corpora, house rules
add_custom_target(e2e_tests)      # the program, and the tests that run it
add_custom_target(style_tools)    # the house rules only
add_custom_target(fuzzers)
add_custom_target(headers)        # every header alone
add_dependencies(unit_tests style_tools fuzzers)

# Tests are compiled with less optimisation than what they test, which saves a third of their compile time.
function(compile_as_test target)
    target_compile_options(${target} PRIVATE $<$<CONFIG:Debug>:-O0> $<$<CONFIG:Release>:-O1 -g0>)
endfunction()

# FILTER: of GoogleTest, which tests; without it all.
function(discover_tests target label)
    cmake_parse_arguments(ARG "" "FILTER" "" ${ARGN})
    set(filter "")
    if(ARG_FILTER)
        set(filter TEST_FILTER "${ARG_FILTER}")
    endif()
    target_link_libraries(${target} PRIVATE GTest::gtest GTest::gmock ${EXTERNALS_EVERY_LAYER})
    target_sees_support(${target})
    gtest_discover_tests(${target}
        ${filter}
        DISCOVERY_MODE PRE_TEST
        DISCOVERY_TIMEOUT 60
        WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}"
        PROPERTIES LABELS "${label}" TIMEOUT 300 ${ARG_UNPARSED_ARGUMENTS})
endfunction()

# The same tests in a few processes instead of one each, which under sanitizers takes a quarter of the time: what
# `./dev test` runs when no name is given. Each group writes a report in GoogleTest's XML, in group_reports/.
set(OCTROI_TEST_GROUPS 6)
function(add_test_groups target)
    math(EXPR last "${OCTROI_TEST_GROUPS} - 1")
    foreach(group RANGE ${last})
        set(name group.${target}.${group})
        add_test(NAME ${name} COMMAND ${target} --gtest_brief=1
            "--gtest_output=xml:${CMAKE_BINARY_DIR}/group_reports/${name}.xml" WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
        set_tests_properties(${name} PROPERTIES LABELS group TIMEOUT 1200
            ENVIRONMENT "GTEST_TOTAL_SHARDS=${OCTROI_TEST_GROUPS};GTEST_SHARD_INDEX=${group}")
    endforeach()
endfunction()

# test_<layer>: all *_test.cpp of a layer. It includes what the layer sees, and the layer.
function(add_layer_tests layer)
    layer_sources(${layer})
    if(NOT layer_tests)
        return()
    endif()
    add_executable(test_${layer} ${layer_tests})
    compile_as_test(test_${layer})
    target_sees(test_${layer} ${layer} ${OCTROI_SEES_${layer}})
    target_link_libraries(test_${layer} PRIVATE octroi_${layer}_testing ${EXTERNALS_${layer}} GTest::gmock_main)
    foreach(dep IN LISTS OCTROI_SEES_${layer})
        target_link_libraries(test_${layer} PRIVATE octroi_${dep}_testing)
    endforeach()
    discover_tests(test_${layer} unit)
    add_test_groups(test_${layer})
    add_dependencies(unit_tests test_${layer})
endfunction()

function(link_everything target)
    target_sees(${target} ${OCTROI_LAYERS})
    target_sees_support(${target})
    foreach(layer IN LISTS OCTROI_LAYERS)
        target_link_libraries(${target} PRIVATE octroi_${layer} octroi_${layer}_testing ${EXTERNALS_${layer}})
    endforeach()
    target_link_libraries(${target} PRIVATE ${EXTERNALS_EVERY_LAYER})
endfunction()

# test/<name>/program/*.cpp: a program octroi_<name>, beside octroi, which the tests of e2e_<name> run.
function(add_test_program name)
    file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/test/${name}/program/*.cpp")
    if(NOT sources)
        return()
    endif()
    add_executable(octroi_${name} ${sources})
    link_everything(octroi_${name})
    compile_as_test(octroi_${name})
    add_dependencies(e2e_${name} octroi_${name})
endfunction()

# End-to-end tests run beside one another, on network namespaces of their own. Alone run those that measure time or need
# both processors. The suites of e2e_ebpf that the filter names share what the kernel has once: the root
# of the control groups, and the list of programs.
set(OCTROI_E2E_ALONE collector hostile ledger_backup metrics router)
set(OCTROI_E2E_IN_TURN "Socket*:Headers.*")
function(discover_e2e_tests name)
    if(name IN_LIST OCTROI_E2E_ALONE)
        discover_tests(e2e_${name} e2e RUN_SERIAL TRUE)
    elseif(name STREQUAL ebpf)
        discover_tests(e2e_ebpf e2e FILTER "-${OCTROI_E2E_IN_TURN}")
        discover_tests(e2e_ebpf e2e FILTER "${OCTROI_E2E_IN_TURN}" RESOURCE_LOCK bpf)
    else()
        discover_tests(e2e_${name} e2e)
    endif()
endfunction()

# test/<name>/*.cpp: a GoogleTest binary e2e_<name>. With a main.cpp it is a program of its own
# (octroi_<name>), and the test is to run it without arguments.
function(add_test_folders)
    file(GLOB_RECURSE every CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/test/*.cpp")
    set(folders "")
    foreach(file IN LISTS every)
        string(REGEX REPLACE "^${CMAKE_SOURCE_DIR}/test/([^/]+)/.*$" "\\1" folder "${file}")
        list(APPEND folders "${folder}")
    endforeach()
    list(REMOVE_DUPLICATES folders)
    if(TARGET octroi)
        add_dependencies(e2e_tests octroi)
    endif()
    list(REMOVE_ITEM folders support corpus golden tools)
    add_test_support()
    compile_as_test(octroi_support)
    foreach(name IN LISTS folders)
        file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/test/${name}/*.cpp")
        if(EXISTS "${CMAKE_SOURCE_DIR}/test/${name}/main.cpp")
            add_executable(octroi_${name} ${sources})
            link_everything(octroi_${name})
            compile_as_test(octroi_${name})
            add_test(NAME ${name} COMMAND octroi_${name} WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
            set_tests_properties(${name} PROPERTIES LABELS e2e TIMEOUT 600)
            add_dependencies(e2e_tests octroi_${name})
        else()
            add_executable(e2e_${name} ${sources})
            link_everything(e2e_${name})
            compile_as_test(e2e_${name})
            target_link_libraries(e2e_${name} PRIVATE octroi_support GTest::gmock_main)
            discover_e2e_tests(${name})
            add_dependencies(e2e_tests e2e_${name})
            add_test_program(${name})
        endif()
    endforeach()
endfunction()

# The shared real-world captures, where they are: what they must give is compared to the byte.
set(OCTROI_TESTDATA_CATEGORIES packets routes flow counters logs)
function(add_testdata_comparisons)
    if(NOT TARGET octroi OR NOT EXISTS "${testdata}/compare.py")
        return()
    endif()
    foreach(category IN LISTS OCTROI_TESTDATA_CATEGORIES)
        add_test(NAME testdata.${category}
            COMMAND python3 "${testdata}/compare.py" ${category} --octroi $<TARGET_FILE:octroi>)
        set_tests_properties(testdata.${category} PROPERTIES LABELS e2e TIMEOUT 900)
    endforeach()
endfunction()

# <name>_fuzz.cpp: libFuzzer with OCTROI_FUZZ, else a program that replays test/corpus/<name>_fuzz/.
function(add_layer_fuzzers layer)
    layer_sources(${layer})
    foreach(source IN LISTS layer_fuzzers)
        get_filename_component(name "${source}" NAME_WE)
        set(corpus "${CMAKE_SOURCE_DIR}/test/corpus/${name}")
        add_executable(${name} "${source}")
        target_sees(${name} ${layer} ${OCTROI_SEES_${layer}})
        target_link_libraries(${name} PRIVATE octroi_${layer} ${EXTERNALS_EVERY_LAYER} ${EXTERNALS_${layer}})
        if(OCTROI_FUZZ)
            target_link_options(${name} PRIVATE -fsanitize=fuzzer)
            set(arguments -runs=0 "${corpus}")
        else()
            target_sources(${name} PRIVATE "${CMAKE_SOURCE_DIR}/tools/replay/replay.cpp")
            set(arguments "${corpus}")
        endif()
        add_dependencies(fuzzers ${name})
        add_test(NAME corpus.${name} COMMAND ${name} ${arguments})
        set_tests_properties(corpus.${name} PROPERTIES LABELS corpus TIMEOUT 300)
    endforeach()
endfunction()

# tools/tidy: the house rules as a program, its own tests, and a test that is to run it on the tree.
function(add_style_tests)
    set(folder "${CMAKE_SOURCE_DIR}/tools/tidy")
    set(rules "${folder}/source.cpp" "${folder}/functions.cpp" "${folder}/layers.cpp" "${folder}/rules.cpp"
        "${folder}/words.cpp")
    add_executable(octroi_tidy "${folder}/main.cpp" ${rules})
    # It reads the whole tree: under sanitizers that takes seconds and finds what test_tidy finds.
    target_compile_options(octroi_tidy PRIVATE -O2 -fno-sanitize=all)
    add_executable(test_tidy "${folder}/tidy_test.cpp" ${rules})
    target_link_libraries(test_tidy PRIVATE GTest::gmock_main)
    discover_tests(test_tidy style)
    add_test(NAME style.tidy COMMAND octroi_tidy "${CMAKE_SOURCE_DIR}")
    add_test(NAME style.elements COMMAND "${CMAKE_SOURCE_DIR}/tools/elements/generate" --check)
    set_tests_properties(style.tidy style.elements PROPERTIES LABELS style)
    add_dependencies(style_tools octroi_tidy test_tidy)
endfunction()

# Every header alone, twice, in a translation unit of its own: proves that it includes what it uses.
function(add_header_checks)
    foreach(layer IN LISTS OCTROI_LAYERS)
        file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE "${CMAKE_SOURCE_DIR}/src"
            "${CMAKE_SOURCE_DIR}/src/${layer}/*.hpp")
        set(units "")
        foreach(header IN LISTS headers)
            set(unit "${CMAKE_BINARY_DIR}/headers/${header}.cpp")
            file(CONFIGURE OUTPUT "${unit}" CONTENT "#include \"${header}\"\n#include \"${header}\"\n")
            list(APPEND units "${unit}")
        endforeach()
        if(units)
            add_library(headers_${layer} OBJECT EXCLUDE_FROM_ALL ${units})
            target_sees(headers_${layer} ${layer} ${OCTROI_SEES_${layer}})
            target_sees_support(headers_${layer})
            target_compile_options(headers_${layer} PRIVATE -O0 -g0 -fno-sanitize=all)
            target_link_libraries(headers_${layer} PRIVATE
                ${EXTERNALS_EVERY_LAYER} ${EXTERNALS_${layer}} GTest::gtest)
            add_dependencies(headers headers_${layer})
        endif()
    endforeach()
endfunction()

# octroi_bench: every bench/*.cpp in one program.
function(add_benchmarks)
    file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/bench/*.cpp")
    if(NOT sources)
        return()
    endif()
    add_executable(octroi_bench ${sources})
    link_everything(octroi_bench)
    target_link_libraries(octroi_bench PRIVATE benchmark::benchmark)
    if(NOT EXISTS "${CMAKE_SOURCE_DIR}/bench/main.cpp")
        target_link_libraries(octroi_bench PRIVATE benchmark::benchmark_main)
    endif()
endfunction()
