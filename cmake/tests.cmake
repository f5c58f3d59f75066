# SPDX-License-Identifier: GPL-3.0-or-later
# Tests beside the code, test folders that see everything, fuzzers, and the benchmark.
include(GoogleTest)

# What a test finds in its environment. OCTROI_TESTDATA is there only where the shared test data is.
set(OCTROI_TEST_ENVIRONMENT
    "OCTROI_SOURCE=${CMAKE_SOURCE_DIR}"
    "OCTROI_BINARY=${CMAKE_BINARY_DIR}/octroi"
    "UBSAN_OPTIONS=print_stacktrace=1"
    "TSAN_OPTIONS=halt_on_error=1")
get_filename_component(testdata "${CMAKE_SOURCE_DIR}/../shared/testdata" ABSOLUTE)
if(EXISTS "${testdata}")
    list(APPEND OCTROI_TEST_ENVIRONMENT "OCTROI_TESTDATA=${testdata}")
endif()

function(discover_tests target label)
    target_link_libraries(${target} PRIVATE GTest::gtest GTest::gmock ${EXTERNALS_EVERY_LAYER})
    target_sees_support(${target})
    gtest_discover_tests(${target}
        DISCOVERY_MODE PRE_TEST
        DISCOVERY_TIMEOUT 60
        WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}"
        PROPERTIES LABELS "${label}" TIMEOUT 300 ENVIRONMENT "${OCTROI_TEST_ENVIRONMENT}")
endfunction()

# test_<layer>: all *_test.cpp of a layer. It includes what the layer sees, and the layer.
function(add_layer_tests layer)
    layer_sources(${layer})
    if(NOT layer_tests)
        return()
    endif()
    add_executable(test_${layer} ${layer_tests})
    target_sees(test_${layer} ${layer} ${OCTROI_SEES_${layer}})
    target_link_libraries(test_${layer} PRIVATE octroi_${layer}_testing ${EXTERNALS_${layer}} GTest::gtest_main)
    foreach(dep IN LISTS OCTROI_SEES_${layer})
        target_link_libraries(test_${layer} PRIVATE octroi_${dep}_testing)
    endforeach()
    discover_tests(test_${layer} unit)
endfunction()

function(link_everything target)
    target_sees(${target} ${OCTROI_LAYERS})
    target_sees_support(${target})
    foreach(layer IN LISTS OCTROI_LAYERS)
        target_link_libraries(${target} PRIVATE octroi_${layer} octroi_${layer}_testing ${EXTERNALS_${layer}})
    endforeach()
    target_link_libraries(${target} PRIVATE ${EXTERNALS_EVERY_LAYER})
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
    list(REMOVE_ITEM folders support corpus golden tools)
    foreach(name IN LISTS folders)
        file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/test/${name}/*.cpp")
        if(EXISTS "${CMAKE_SOURCE_DIR}/test/${name}/main.cpp")
            add_executable(octroi_${name} ${sources})
            link_everything(octroi_${name})
            add_test(NAME ${name} COMMAND octroi_${name} WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
            set_tests_properties(${name} PROPERTIES
                LABELS e2e TIMEOUT 600 ENVIRONMENT "${OCTROI_TEST_ENVIRONMENT}")
        else()
            add_executable(e2e_${name} ${sources})
            link_everything(e2e_${name})
            target_link_libraries(e2e_${name} PRIVATE GTest::gtest_main)
            discover_tests(e2e_${name} e2e)
            if(TARGET octroi)
                add_dependencies(e2e_${name} octroi)
            endif()
        endif()
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
        add_test(NAME corpus.${name} COMMAND ${name} ${arguments})
        set_tests_properties(corpus.${name} PROPERTIES LABELS corpus TIMEOUT 300)
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
