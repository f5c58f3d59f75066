// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/ipfix/set_builder.hpp"

#include <algorithm>

namespace octroi::ipfix {
namespace {

constexpr std::size_t set_header = 4;
constexpr std::size_t most_padding = 3;

}  // namespace

bool SetBuilder::due(UtcTime exported) const noexcept {
    if (!templates_sent_) return true;
    const bool by_time = settings_.template_interval.ns > 0 &&
                         exported - *templates_sent_ >= settings_.template_interval;
    const bool by_count =
        settings_.template_messages > 0 && messages_since_ >= settings_.template_messages;
    return by_time || by_count;
}

void SetBuilder::begin(UtcTime exported) {
    if (!due(exported)) return;
    body_ = template_sets(dialect_, !names_.empty());
    templates_ = templates_in_sets + (names_.empty() ? 0 : 1);
    templates_sent_ = exported;
    messages_since_ = 0;
    std::uint32_t number = 0;
    for (const std::string& name : names_) {
        ++number;
        // Names that do not fit the message beside the templates and one record are not sent.
        if (header_octets_ + body_.size() + 2 * set_header + interface_record_octets() +
                record_octets(dialect_, Family::v6) + 2 * most_padding >
            settings_.message_octets)
            break;
        open(interface_template);
        ByteWriter to;
        write_interface(to, number, name);
        body_ += to.octets();
        ++data_records_;
    }
}

void SetBuilder::name_interfaces(std::span<const std::string> names) {
    const std::size_t most = settings_.message_octets / interface_record_octets();
    names = names.first(std::min(names.size(), most));
    if (std::ranges::equal(names, names_)) return;
    names_.assign(names.begin(), names.end());
    templates_sent_.reset();
}

bool SetBuilder::add(const flow::FlowRecord& record, const Boot& boot) {
    const bool v6 = record.src.family == Family::v6;
    const std::uint16_t set = v6 ? v6_template : v4_template;
    const std::size_t octets = record_octets(dialect_, v6 ? Family::v6 : Family::v4);
    const std::size_t more = set == set_ ? octets : octets + set_header + most_padding;
    if (header_octets_ + body_.size() + more + most_padding > settings_.message_octets)
        return false;
    open(set);
    ByteWriter to;
    write_record(to, record, dialect_, boot);
    body_ += to.octets();
    ++data_records_;
    return true;
}

void SetBuilder::open(std::uint16_t set) {
    if (set == set_) return;
    close();
    set_ = set;
    set_at_ = body_.size();
    ByteWriter head;
    head.be16(set);
    head.be16(0);  // the length: close() writes it
    body_ += head.octets();
}

void SetBuilder::close() {
    if (set_ == 0) return;
    while (body_.size() % 4 != 0) body_.push_back('\0');
    ByteWriter length;
    length.be16(static_cast<std::uint16_t>(body_.size() - set_at_));
    body_.replace(set_at_ + 2, 2, length.octets());
    set_ = 0;
}

std::string SetBuilder::drain() {
    close();
    ++messages_since_;
    data_records_ = 0;
    templates_ = 0;
    return std::exchange(body_, {});
}

}  // namespace octroi::ipfix
