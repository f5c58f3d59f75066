// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/flow_file/missing_parts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

namespace octroi::flow_file {
namespace {

using exporter::UnknownMessage;

// "sFlow version 4 (3 datagrams)". Captures hold other traffic too: only what can be an export.
std::vector<std::string> unread_exports(const FlowFile& file) {
    std::map<std::string, std::uint64_t> datagrams;
    for (const exporter::UnknownSender& sender : file.exporters().unknown_senders()) {
        const auto kind = sender.message.kind;
        if (kind == UnknownMessage::Kind::sflow || kind == UnknownMessage::Kind::netflow ||
            kind == UnknownMessage::Kind::damaged)
            datagrams[to_string(sender.message)] += sender.datagrams;
    }
    std::vector<std::string> texts;
    for (const auto& [what, count] : datagrams)
        texts.push_back(fmt::format("{} ({} datagram{})", what, count, count == 1 ? "" : "s"));
    return texts;
}

}  // namespace

std::vector<std::string> missing_parts(const std::string& name, const FlowFile& file) {
    const exporter::Counters& counts = file.exporters().counters();
    std::vector<std::string> texts;
    const auto add = [&](std::uint64_t count, std::string_view text) {
        if (count > 0) texts.push_back(fmt::format("{}: {} {}", name, count, text));
    };
    if (counts.datagrams == 0)
        texts.push_back(fmt::format("{}: no NetFlow, IPFIX or sFlow in it", name));
    if (const auto unread = unread_exports(file); !unread.empty())
        texts.push_back(fmt::format("{}: not read: {}", name, fmt::join(unread, ", ")));
    add(counts.pending - counts.resumed, "data sets without a template in the file");
    add(file.datagrams().stream_gaps(), "gaps in TCP streams: messages in them are missing");
    add(file.datagrams().cut_messages(),
        "messages are cut by the snap length of the capture. Next: capture whole packets "
        "(tcpdump -s 0)");
    add(counts.refused_rates,
        "sampling rates that cannot be right were not applied. Next: state the rate (--sampling, "
        "or sampling in [[exporter]])");
    for (const exporter::ExporterStatus& e : file.exporters().status()) {
        if (e.unread_counts == 0) continue;
        texts.push_back(fmt::format(
            "{}: {}: {} records have counts in private elements only and are not counted: "
            "template {} (enterprise/number)",
            name, e.address.empty() ? "exporter" : to_string(e.address), e.unread_counts,
            fmt::join(e.unread_templates, "; ")));
    }
    return texts;
}

Status check_any_message(const std::string& name, const FlowFile& file) {
    const exporter::Counters& counts = file.exporters().counters();
    if (counts.messages > 0 || counts.datagrams == 0) return {};
    const auto unread = unread_exports(file);
    if (unread.empty())
        return fail(ErrorCode::unsupported,
                    fmt::format("{}: no NetFlow, IPFIX or sFlow in it", name));
    return fail(ErrorCode::unsupported,
                fmt::format("{}: nothing in it can be read: {}. Octroi reads NetFlow v1, v5, v7 "
                            "and v9, IPFIX and sFlow version 5",
                            name, fmt::join(unread, ", ")));
}

}  // namespace octroi::flow_file
