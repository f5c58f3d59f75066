// SPDX-License-Identifier: GPL-3.0-or-later
#include "config/export_target.hpp"

#include <fmt/format.h>

#include <charconv>

namespace octroi {
namespace {

std::unexpected<Error> not_a_target(std::string_view text, std::string_view why) {
    return fail(ErrorCode::invalid,
                fmt::format("'{}' is no destination of exports: {}. Write \"udp/192.0.2.1:2055\", "
                            "\"tcp/collector.example:4739\" or \"file:flows.ipfix\"",
                            text, why));
}

}  // namespace

Result<ExportTarget> parse_export_target(std::string_view text) {
    ExportTarget target;
    if (text.starts_with("file:")) {
        target.way = ExportWay::file;
        target.path = text.substr(5);
        if (target.path.empty()) return not_a_target(text, "the file has no name");
        return target;
    }
    if (text.starts_with("tcp/"))
        target.way = ExportWay::tcp;
    else if (!text.starts_with("udp/"))
        return not_a_target(text, "it begins with none of udp/, tcp/ and file:");
    const std::string_view place = text.substr(4);
    // The last colon: an IPv6 address has others before it.
    const auto colon = place.rfind(':');
    if (colon == std::string_view::npos) return not_a_target(text, "the port is missing");
    std::string_view host = place.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (host.empty()) return not_a_target(text, "the host is missing");
    target.host = host;
    const std::string_view port = place.substr(colon + 1);
    const auto read = std::from_chars(port.data(), port.data() + port.size(), target.port);
    if (read.ec != std::errc() || read.ptr != port.data() + port.size() || target.port == 0)
        return not_a_target(text, "the port is a number from 1 to 65535");
    return target;
}

std::string to_string(const ExportTarget& target) {
    if (target.way == ExportWay::file) return "file:" + target.path;
    const bool v6 = target.host.find(':') != std::string::npos;
    return fmt::format("{}/{}{}{}:{}", target.way == ExportWay::udp ? "udp" : "tcp", v6 ? "[" : "",
                       target.host, v6 ? "]" : "", target.port);
}

ExportFormat export_format(std::string_view word) {
    if (word == "v9") return ExportFormat::v9;
    return word == "v5" ? ExportFormat::v5 : ExportFormat::ipfix;
}

Status check_export(const ExportTarget& target, ExportFormat format) {
    if (target.way != ExportWay::tcp || format == ExportFormat::ipfix) return {};
    return fail(ErrorCode::invalid,
                fmt::format("NetFlow is sent by UDP only, and not to {}: choose the format ipfix, "
                            "or udp/",
                            to_string(target)));
}

}  // namespace octroi
