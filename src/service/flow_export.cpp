// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/flow_export.hpp"

#include "host/datagrams.hpp"
#include "wire/ipfix/encode.hpp"
#include "wire/netflow/encode.hpp"

namespace octroi {
namespace {

// Messages at once: a socket of Linux's default size holds some hundred of them.
constexpr std::uint64_t burst = 32;

std::unique_ptr<flow::Encoder> encoder_for(const ExportManner& manner) {
    flow::EncoderSettings settings{.observation_domain = manner.domain};
    if (manner.to.way != ExportWay::udp) {
        settings.template_interval = {};
        settings.template_messages = 0;
    }
    switch (manner.format) {
        case ExportFormat::v9:
            return netflow::make_v9_encoder(settings);
        case ExportFormat::v5:
            return netflow::make_v5_encoder(settings);
        case ExportFormat::ipfix:
            break;
    }
    return ipfix::make_encoder(settings);
}

Result<std::unique_ptr<Sender>> sender_for(const ExportManner& manner) {
    switch (manner.to.way) {
        case ExportWay::tcp:
            return open_tcp_sender(manner.to.host, manner.to.port, manner.patience);
        case ExportWay::file:
            return open_file_sender(manner.to.path);
        case ExportWay::udp:
            break;
    }
    return open_udp_sender(manner.to.host, manner.to.port);
}

}  // namespace

FlowExport::FlowExport(const ExportManner& manner, std::unique_ptr<flow::Encoder> encoder,
                       std::unique_ptr<Sender> sender, const Clock& clock)
    : encoder_(std::move(encoder)),
      sender_(std::move(sender)),
      clock_(clock),
      has_sessions_(manner.to.way == ExportWay::tcp) {
    if (manner.rate > 0 && manner.to.way == ExportWay::udp) bucket_.emplace(manner.rate, burst);
}

Result<std::unique_ptr<FlowExport>> FlowExport::open(const ExportManner& manner,
                                                     const Clock& clock) {
    TRY(check_export(manner.to, manner.format));
    TRY_ASSIGN(auto sender, sender_for(manner));
    return std::unique_ptr<FlowExport>(
        new FlowExport(manner, encoder_for(manner), std::move(sender), clock));
}

void FlowExport::number_interfaces(std::span<const Name> names) {
    const std::size_t known = interface_names_.size();
    for (const Name& name : names.subspan(interface_numbers_.size())) {
        const bool is_interface = name.kind == NameKind::interface;
        if (is_interface) interface_names_.push_back(name.text);
        interface_numbers_.push_back(
            is_interface ? static_cast<std::uint32_t>(interface_names_.size()) : 0);
    }
    if (interface_names_.size() > known) encoder_->name_interfaces(interface_names_);
}

flow::FlowRecord FlowExport::flow_of(const Reading& reading) const {
    flow::FlowRecord record;
    record.bytes = reading.bytes;
    record.packets = reading.packets;
    record.first = reading.first;
    record.last = reading.last;
    record.src = reading.src;
    record.dst = reading.dst;
    record.src_mac = reading.src_mac;
    record.dst_mac = reading.dst_mac;
    record.sport = reading.sport;
    record.dport = reading.dport;
    record.vlan = reading.vlan;
    record.proto = reading.proto;
    record.tcp_flags = reading.tcp_flags;
    record.tos = reading.tos;
    record.icmp_type = reading.icmp_type;
    record.icmp_code = reading.icmp_code;
    record.in_if = interface_number(reading.interface);
    record.out_if = interface_number(reading.out_interface);
    return record;
}

void FlowExport::accept(std::span<const Reading> readings, std::span<const Name> names,
                        UtcTime exported) {
    if (names.size() != interface_numbers_.size()) number_interfaces(names);
    records_.clear();
    for (const Reading& reading : readings) {
        if (reading.kind == ReadingKind::ip)
            records_.push_back(flow_of(reading));
        else
            ++not_ip_;
    }
    encoder_->records(records_, exported, *this);
}

void FlowExport::flush(UtcTime exported) { encoder_->flush(exported, *this); }

Status FlowExport::finish(UtcTime exported) {
    flush(exported);
    return sender_->finish();
}

void FlowExport::message(std::string_view octets) {
    if (bucket_) {
        while (!bucket_->try_consume(clock_.uptime()))
            wait_readable({}, bucket_->wait(clock_.uptime()) + Duration::milliseconds(1));
    }
    const Status sent = sender_->send(octets);
    if (sent) return;
    ++not_sent_;
    trouble_ = sent.error();
    // The next message is the first of a session; where one was only too much, it is not.
    if (has_sessions_ && sent.error().code != ErrorCode::busy) encoder_->restart();
}

ExportCounts FlowExport::counts() const {
    return {.encoded = encoder_->counters(), .not_ip = not_ip_, .not_sent = not_sent_};
}

}  // namespace octroi
