// SPDX-License-Identifier: GPL-3.0-or-later
#include "service/flow_export.hpp"

#include <utility>

#include "host/datagrams.hpp"
#include "wire/ipfix/encode.hpp"
#include "wire/netflow/encode.hpp"

namespace octroi {
namespace {

// Messages sent without a pause. A socket buffer of Linux's default size holds some hundred.
constexpr std::uint64_t burst = 32;

std::unique_ptr<flow::Encoder> encoder_for(const ExportSettings& settings) {
    flow::EncoderSettings encoder{.observation_domain = settings.domain};
    // A session and a file need each template once.
    if (settings.to.way != ExportWay::udp) {
        encoder.template_interval = {};
        encoder.template_messages = 0;
    }
    switch (settings.format) {
        case ExportFormat::v9:
            return netflow::make_v9_encoder(encoder);
        case ExportFormat::v5:
            return netflow::make_v5_encoder(encoder);
        case ExportFormat::ipfix:
            break;
    }
    return ipfix::make_encoder(encoder);
}

Result<std::unique_ptr<Sender>> sender_for(const ExportSettings& settings) {
    switch (settings.to.way) {
        case ExportWay::tcp:
            return open_tcp_sender(settings.to.host, settings.to.port, settings.patience);
        case ExportWay::file:
            return open_file_sender(settings.to.path);
        case ExportWay::udp:
            break;
    }
    return open_udp_sender(settings.to.host, settings.to.port);
}

}  // namespace

FlowExport::FlowExport(const ExportSettings& settings, std::unique_ptr<flow::Encoder> encoder,
                       std::unique_ptr<Sender> sender, const Clock& clock)
    : encoder_(std::move(encoder)),
      sender_(std::move(sender)),
      clock_(clock),
      has_sessions_(settings.to.way == ExportWay::tcp) {
    if (settings.rate > 0 && settings.to.way == ExportWay::udp)
        bucket_.emplace(settings.rate, burst);
}

Result<std::unique_ptr<FlowExport>> FlowExport::open(const ExportSettings& settings,
                                                     const Clock& clock) {
    TRY(check_export(settings.to, settings.format));
    TRY_ASSIGN(auto sender, sender_for(settings));
    return std::unique_ptr<FlowExport>(
        new FlowExport(settings, encoder_for(settings), std::move(sender), clock));
}

void FlowExport::number_interfaces(const NameTable& names, UtcTime exported) {
    const std::size_t known = interface_names_.size();
    for (const Name& name : names.rows().subspan(interface_numbers_.size())) {
        const bool is_interface = name.kind == NameKind::interface;
        if (is_interface) interface_names_.push_back(name.text);
        if (is_interface)
            interface_numbers_.push_back(static_cast<std::uint32_t>(interface_names_.size()));
        else  // a VLAN of an interface
            interface_numbers_.push_back(interface_number(name.within));
    }
    bool is_renamed = false;
    names.each_renamed(std::exchange(renamed_, names.renamed()), [&](NameRef ref) {
        const Name& name = names.rows()[ref - 1];
        if (name.kind != NameKind::interface) return;
        interface_names_[interface_number(ref) - 1] = name.text;
        is_renamed = true;
    });
    // The names stand at the begin of a message: one that was begun states the old name of a
    // number.
    if (is_renamed) flush(exported);
    if (interface_names_.size() > known || is_renamed) encoder_->name_interfaces(interface_names_);
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

void FlowExport::accept(std::span<const Reading> readings, const NameTable& names,
                        UtcTime exported) {
    if (names.rows().size() != interface_numbers_.size() || names.renamed() != renamed_)
        number_interfaces(names, exported);
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
            // On no descriptor: a sleep that a signal ends. One millisecond more, because poll(2)
            // counts whole milliseconds.
            wait_readable({}, bucket_->wait(clock_.uptime()) + Duration::milliseconds(1));
    }
    const Status sent = sender_->send(octets);
    if (sent) return;
    ++not_sent_;
    error_ = sent.error();
    // After a lost connection the next message is the first of a new session. A message that was
    // only dropped (busy) leaves the session as it is.
    if (has_sessions_ && sent.error().code != ErrorCode::busy) encoder_->restart();
}

ExportCounts FlowExport::counts() const {
    return {.encoded = encoder_->counters(), .not_ip = not_ip_, .not_sent = not_sent_};
}

}  // namespace octroi
