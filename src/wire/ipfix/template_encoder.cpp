// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/ipfix/template_encoder.hpp"

namespace octroi::ipfix {

TemplateEncoder::TemplateEncoder(Dialect dialect, const flow::EncoderSettings& settings,
                                 std::size_t header_size)
    : dialect_(dialect),
      observation_domain_(settings.observation_domain),
      sets_(dialect, settings, header_size) {}

void TemplateEncoder::begin(UtcTime exported) {
    if (!booted_) boot_ = boot_before(exported);
    booted_ = true;
    if (!begun_) sets_.begin(exported);
    begun_ = true;
}

void TemplateEncoder::leave_out(const flow::FlowRecord& record) noexcept {
    ++counters_.left_out;
    counters_.left_out_bytes += record.bytes;
    counters_.left_out_packets += record.packets;
}

void TemplateEncoder::records(std::span<const flow::FlowRecord> records, UtcTime exported,
                              flow::MessageSink& out) {
    for (const flow::FlowRecord& record : records) {
        if (record.src.family == Family::none || record.src.family != record.dst.family) {
            leave_out(record);
            continue;
        }
        begin(exported);
        bool added = sets_.add(record, boot_);
        if (!added) {
            flush(exported, out);
            begin(exported);
            added = sets_.add(record, boot_);
        }
        if (added)
            ++flows_in_message_;
        else
            leave_out(record);  // EncoderSettings::message_octets is too small for any record
    }
}

void TemplateEncoder::flush(UtcTime exported, flow::MessageSink& out) {
    if (!begun_ || sets_.empty()) return;
    const UtcTime second = next_second(exported);
    Message message{.exported = second,
                    .uptime_ms = boot_.uptime(second),
                    .observation_domain = observation_domain_,
                    .sequence = sequence_,
                    .all_records = sets_.all_records()};
    // RFC 7011 section 3.1: data records before this message, options records included. RFC 3954
    // section 5.1: messages before this one.
    sequence_ += dialect_ == Dialect::ipfix ? sets_.data_records() : 1;
    const std::string sets = sets_.drain();
    message.octets = sets.size();
    out.message(header(message) + sets);
    ++counters_.messages;
    counters_.records += std::exchange(flows_in_message_, 0);
    begun_ = false;
}

void TemplateEncoder::name_interfaces(std::span<const std::string> names) {
    sets_.name_interfaces(names);
}

void TemplateEncoder::restart() {
    sets_.restart();
    sequence_ = 0;
}

}  // namespace octroi::ipfix
