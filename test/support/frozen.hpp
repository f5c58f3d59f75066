// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Octets that ledgers and journals of earlier versions contain, as hex text. The files of
// test/golden/frozen were written once. Nothing writes them again: where a
// test differs from them, the code has to change, or the format gets a new version and upgrade.

#include <cstdlib>
#include <fstream>
#include <string>

namespace octroi::support {

inline std::string frozen_hex(const std::string& name) {
    const char* source = std::getenv("OCTROI_SOURCE");
    std::ifstream file(std::string(source != nullptr ? source : ".") + "/test/golden/frozen/" +
                       name + ".hex");
    std::string all;
    for (std::string line; std::getline(file, line);) all += line;
    return all;
}

}  // namespace octroi::support
