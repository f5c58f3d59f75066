# SPDX-License-Identifier: GPL-3.0-or-later
# The libraries from outside, and which layer links them. All are Debian packages: `./dev install`.

# An imported target for a library that ships no CMake files. `header` proves that its -dev package is here.
function(find_plain_library target header library package)
    find_path(${target}_INCLUDE "${header}")
    find_library(${target}_LIBRARY "${library}")
    if(NOT ${target}_INCLUDE OR NOT ${target}_LIBRARY)
        message(FATAL_ERROR "${header} or lib${library} is missing. Next: ./dev install (or apt-get install ${package})")
    endif()
    add_library(external::${target} INTERFACE IMPORTED GLOBAL)
    target_link_libraries(external::${target} INTERFACE "${${target}_LIBRARY}")
endfunction()

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(date REQUIRED)
find_package(GTest REQUIRED)
find_package(benchmark REQUIRED)
find_plain_library(pcap pcap/pcap.h pcap libpcap-dev)
find_plain_library(mnl libmnl/libmnl.h mnl libmnl-dev)
find_plain_library(zlib zlib.h z zlib1g-dev)
find_plain_library(bzip2 bzlib.h bz2 libbz2-dev)
find_plain_library(zstd zstd.h zstd libzstd-dev)
find_package(OpenSSL REQUIRED)
find_plain_library(sodium sodium.h sodium libsodium-dev)
find_plain_library(sqlite3 sqlite3.h sqlite3 libsqlite3-dev)

set(EXTERNALS_EVERY_LAYER fmt::fmt)
set(EXTERNALS_host external::zlib external::bzip2 external::zstd external::mnl Threads::Threads external::pcap
    OpenSSL::SSL)
# toml++ is used as headers only: Debian's shared library is built to throw, and ours may not.
set(EXTERNALS_config nlohmann_json::nlohmann_json)
set(EXTERNALS_meter external::sodium Threads::Threads)
set(EXTERNALS_attribute external::sodium)
set(EXTERNALS_ledger external::sodium)
set(EXTERNALS_store external::sqlite3)
set(EXTERNALS_rate date::date date::date-tz)
set(EXTERNALS_view nlohmann_json::nlohmann_json date::date date::date-tz)
set(EXTERNALS_app CLI11::CLI11 spdlog::spdlog nlohmann_json::nlohmann_json Threads::Threads)
