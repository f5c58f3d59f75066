// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/radius/accounting.hpp"

#include <algorithm>

namespace octroi::radius {
namespace {

enum class Type : std::uint8_t {
    user_name = 1,
    nas_ip_address = 4,
    framed_ip_address = 8,
    calling_station_id = 31,
    nas_identifier = 32,
    acct_status_type = 40,
    acct_delay_time = 41,
    acct_input_octets = 42,
    acct_output_octets = 43,
    acct_session_id = 44,
    acct_session_time = 46,
    acct_input_packets = 47,
    acct_output_packets = 48,
    acct_input_gigawords = 52,
    acct_output_gigawords = 53,
    event_timestamp = 55,
    nas_ipv6_address = 95,
    framed_ipv6_prefix = 97,
    delegated_ipv6_prefix = 123,
    framed_ipv6_address = 168,
};

std::string_view text_in(const Attribute& attribute) {
    return {reinterpret_cast<const char*>(attribute.value.data()), attribute.value.size()};
}

const std::uint8_t* octets_of(ByteSpan octets) {
    return reinterpret_cast<const std::uint8_t*>(octets.data());
}

// No host has it: "this network", loopback, multicast, reserved (RFC 6890); also the two values
// that let the user or the NAS choose (RFC 2865 section 5.8).
bool is_host(const Address& address) {
    if (address.family == Family::v4)
        return address.octets[0] != 0 && address.octets[0] != 127 && address.octets[0] < 224;
    return address.octets[0] != 0 && address.octets[0] != 0xff;
}

// Acct-*-Octets and Acct-*-Gigawords: the low and the high 32 bits.
struct Counts {
    std::optional<std::uint32_t> input_octets;
    std::optional<std::uint32_t> output_octets;
    std::optional<std::uint32_t> input_gigawords;
    std::optional<std::uint32_t> output_gigawords;
    std::uint32_t input_packets = 0;
    std::uint32_t output_packets = 0;

    [[nodiscard]] std::optional<SessionVolume> volume() const {
        if (!input_octets && !output_octets) return std::nullopt;
        const auto whole = [](std::uint32_t high, std::uint32_t low) {
            return std::uint64_t{high} << 32U | low;
        };
        return SessionVolume{whole(input_gigawords.value_or(0), input_octets.value_or(0)),
                             whole(output_gigawords.value_or(0), output_octets.value_or(0)),
                             input_packets, output_packets,
                             input_gigawords.has_value() || output_gigawords.has_value()};
    }
};

class Reader {
public:
    [[nodiscard]] std::optional<Accounting> read(ByteSpan attributes) {
        Attribute attribute;
        while (next_attribute(attributes, attribute)) read_attribute(attribute);
        made_.volume = counts_.volume();
        if (!set_status()) return std::nullopt;
        return std::move(made_);
    }

private:
    // False: the request lacks what every request has.
    [[nodiscard]] bool set_status() {
        if (!status_) return false;
        switch (static_cast<StatusType>(*status_)) {
            case StatusType::start:
            case StatusType::stop:
            case StatusType::interim:
                made_.status = static_cast<StatusType>(*status_);
                return !made_.session.empty();
            case StatusType::accounting_on:
            case StatusType::accounting_off:
                made_.status = static_cast<StatusType>(*status_);
                return true;
            case StatusType::other:
                break;
        }
        made_.status = StatusType::other;
        return true;
    }

    void read_attribute(const Attribute& attribute) {
        const auto type = static_cast<Type>(attribute.type);
        if (read_text(type, attribute) || read_prefix(type, attribute.value)) return;
        std::uint32_t number = 0;
        const bool is_number = attribute.value.size() == 4;
        if (is_number) number = load_be32(attribute.value.data());
        if (set_number(type, number) && !is_number) ++made_.refused;
    }

    [[nodiscard]] bool read_text(Type type, const Attribute& attribute) {
        switch (type) {
            case Type::user_name:
                made_.user = text_in(attribute);
                return true;
            case Type::acct_session_id:
                made_.session = text_in(attribute);
                return true;
            case Type::nas_identifier:
                made_.nas_name = text_in(attribute);
                return true;
            case Type::calling_station_id:
                made_.station = station_mac(text_in(attribute));
                return true;
            default:
                return false;
        }
    }

    [[nodiscard]] bool read_prefix(Type type, ByteSpan value) {
        switch (type) {
            case Type::nas_ip_address:
                if (value.size() == 4) made_.nas_address = Address::v4(octets_of(value));
                return true;
            case Type::nas_ipv6_address:
                if (value.size() == 16) made_.nas_address = Address::v6(octets_of(value));
                return true;
            case Type::framed_ip_address:
                value.size() == 4 ? add_address(Address::v4(octets_of(value))) : refuse();
                return true;
            case Type::framed_ipv6_address:
                value.size() == 16 ? add_address(Address::v6(octets_of(value))) : refuse();
                return true;
            case Type::framed_ipv6_prefix:
            case Type::delegated_ipv6_prefix:
                read_v6_prefix(value);
                return true;
            default:
                return false;
        }
    }

    // RFC 3162 section 2.3: reserved, length in bits, up to 16 octets of the prefix.
    void read_v6_prefix(ByteSpan value) {
        constexpr std::size_t head = 2;
        if (value.size() < head || value.size() > head + 16) return refuse();
        const auto length = std::to_integer<std::uint8_t>(value[1]);
        if (length < v6_prefix_length_min || length > 128 || (value.size() - head) * 8 < length)
            return refuse();
        std::array<std::uint8_t, 16> octets{};
        std::copy_n(octets_of(value) + head, value.size() - head, octets.begin());
        const Address address = Address::v6(octets.data());
        if (!is_host(address)) return refuse();
        add(Prefix::of(address, length));
    }

    void add_address(const Address& address) {
        is_host(address) ? add(Prefix::of(address, address.bits())) : refuse();
    }
    void add(const Prefix& prefix) {
        if (std::ranges::find(made_.prefixes, prefix) != made_.prefixes.end()) return;
        made_.prefixes.size() < prefixes_max ? made_.prefixes.push_back(prefix) : refuse();
    }
    void refuse() { ++made_.refused; }

    // False: the attribute is not used here.
    [[nodiscard]] bool set_number(Type type, std::uint32_t number) {
        switch (type) {
            case Type::acct_status_type:
                status_ = number;
                return true;
            case Type::acct_delay_time:
                made_.delay = Duration::seconds(number);
                return true;
            case Type::acct_session_time:
                made_.session_seconds = number;
                return true;
            case Type::event_timestamp:
                if (number != 0) made_.event_time = UtcTime::from_seconds(number);
                return true;
            default:
                return set_count(type, number);
        }
    }
    [[nodiscard]] bool set_count(Type type, std::uint32_t number) {
        switch (type) {
            case Type::acct_input_octets:
                counts_.input_octets = number;
                return true;
            case Type::acct_output_octets:
                counts_.output_octets = number;
                return true;
            case Type::acct_input_gigawords:
                counts_.input_gigawords = number;
                return true;
            case Type::acct_output_gigawords:
                counts_.output_gigawords = number;
                return true;
            case Type::acct_input_packets:
                counts_.input_packets = number;
                return true;
            case Type::acct_output_packets:
                counts_.output_packets = number;
                return true;
            default:
                return false;
        }
    }

    Accounting made_;
    Counts counts_;
    std::optional<std::uint32_t> status_;
};

// Twelve decimal digits are a telephone number rather than a MAC address.
bool is_decimal(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

std::optional<Accounting> decode_accounting(const Packet& request) {
    return Reader().read(request.attributes);
}

Mac station_mac(std::string_view text) {
    if (is_decimal(text)) return {};
    Mac mac;
    std::size_t at = 0;
    for (std::size_t octet = 0; octet < mac.octets.size(); ++octet) {
        if (octet > 0 && at < text.size() &&
            (text[at] == ':' || text[at] == '-' || text[at] == '.'))
            ++at;
        if (text.size() < at + 2) return {};
        const int high = hex_digit(text[at]);
        const int low = hex_digit(text[at + 1]);
        if (high < 0 || low < 0) return {};
        mac.octets.at(octet) = static_cast<std::uint8_t>(high << 4 | low);
        at += 2;
    }
    // A longer number is another address, or none.
    if (at < text.size() && text[at] != ':' && text[at] != ' ') return {};
    const bool is_group = (mac.octets[0] & 1U) != 0;
    return is_group ? Mac{} : mac;
}

}  // namespace octroi::radius
