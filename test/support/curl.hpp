// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Pages of an HTTP server as curl(1) gets them.

#include <cstdint>
#include <string>

#include "support/process.hpp"

namespace octroi::support {

struct Page {
    int curl_status = -1;
    std::string status;   // "200"; "000": no answer
    std::string headers;  // with the status line
    std::string body;
    // The value of this header; "": it is absent. name: in lower case.
    [[nodiscard]] std::string header(const std::string& name) const {
        std::istringstream lines(headers);
        for (std::string line; std::getline(lines, line);) {
            const std::size_t colon = line.find(": ");
            if (colon == std::string::npos) continue;
            std::string key = line.substr(0, colon);
            for (char& c : key) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
            if (key == name) return line.substr(colon + 2, line.find('\r') - colon - 2);
        }
        return "";
    }
};

[[nodiscard]] inline bool has_curl() { return run({"curl", "--version"}).status == 0; }

// more: further arguments of curl.
[[nodiscard]] inline Page curl(std::uint16_t port, const std::string& path,
                               const Arguments& more = {}) {
    const Folder folder;
    const std::string headers = folder / "headers";
    const std::string body = folder / "body";
    Arguments arguments{"curl",         "--silent",   "--show-error", "--noproxy",     "*",
                        "--path-as-is", "--max-time", "30",           "--dump-header", headers,
                        "--output",     body,         "--write-out",  "%{http_code}"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    arguments.push_back("http://127.0.0.1:" + std::to_string(port) + path);
    const Ended ended = run(arguments);
    return {ended.status, ended.out, text_of(headers), text_of(body)};
}

}  // namespace octroi::support
