// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/conntrack/listing.hpp"

#include <array>
#include <charconv>

namespace octroi::conntrack {
namespace {

constexpr std::string_view blanks = " \t\r";

template <typename Number>
[[nodiscard]] bool read_number(std::string_view text, Number& number, int base = 10) {
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number, base);
    return read.ec == std::errc() && read.ptr == end;
}

// Of GRE: "0x1f".
[[nodiscard]] bool read_key(std::string_view text, std::uint16_t& key) {
    return text.starts_with("0x") && read_number(text.substr(2), key, 16);
}

// The next word; a text in brackets is one word, with them. Empty: the line has ended.
std::string_view next_word(std::string_view& rest) {
    const std::size_t begin = rest.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return rest = {};
    rest.remove_prefix(begin);
    std::size_t length = rest.find_first_of(blanks);
    if (rest.front() == '[') {
        const std::size_t close = rest.find(']');
        length = close == std::string_view::npos ? close : close + 1;
    }
    const std::string_view word = rest.substr(0, length);
    rest.remove_prefix(word.size());
    return word;
}

// "[1796017859.031058]": seconds since 1970, with six digits of microseconds. Some versions write
// blanks before the bracket.
bool read_event_time(std::string_view word, std::optional<UtcTime>& time) {
    word = word.substr(1, word.size() - 2);
    word = word.substr(0, word.find_last_not_of(blanks) + 1);
    const std::size_t dot = word.find('.');
    if (dot == std::string_view::npos) return false;
    std::uint32_t seconds = 0;
    std::uint32_t micros = 0;
    const std::string_view fraction = word.substr(dot + 1);
    if (!read_number(word.substr(0, dot), seconds) || fraction.size() != 6 ||
        !read_number(fraction, micros))
        return false;
    time = UtcTime{(std::int64_t{seconds} * 1'000'000 + micros) * 1'000};
    return true;
}

class LineDecoder {
public:
    LineDecoder(std::string_view line, ListedConnection& out) : rest_(line), out_(out) {}

    [[nodiscard]] bool run() {
        if (!read_head()) return false;
        for (; !word_.empty(); word_ = next_word(rest_))
            if (!read_word()) return false;
        Entry& entry = out_.entry;
        entry.has_counts = counted_[0] == both_counts && counted_[1] == both_counts;
        entry.connection.id = out_.id.value_or(0);
        if (tuples_ != 2) return false;
        entry.connection.reply.proto = entry.connection.original.proto;
        const Connection& c = entry.connection;
        const Family family = c.original.src.family;
        return family != Family::none && c.original.dst.family == family &&
               c.reply.src.family == family && c.reply.dst.family == family;
    }

private:
    static constexpr unsigned has_packets = 1;
    static constexpr unsigned has_bytes = 2;
    static constexpr unsigned both_counts = has_packets | has_bytes;

    // Up to the first word with '=': time and event, family, protocol, time-out and state.
    [[nodiscard]] bool read_head() {
        word_ = next_word(rest_);
        if (word_.size() > 2 && word_.front() == '[' && word_[1] >= '0' && word_[1] <= '9') {
            if (!read_event_time(word_, out_.time)) return false;
            word_ = next_word(rest_);
        }
        if (word_.starts_with('[')) {
            if (!read_event()) return false;
            word_ = next_word(rest_);
        }
        if (word_ == "ipv4" || word_ == "ipv6") {
            (void)next_word(rest_);  // its number
            word_ = next_word(rest_);
        }
        word_ = next_word(rest_);  // behind the name of the protocol
        if (!read_number(word_, out_.entry.connection.original.proto)) return false;
        word_ = next_word(rest_);
        if (read_number(word_, out_.entry.timeout)) word_ = next_word(rest_);
        if (!word_.empty() && word_.find('=') == std::string_view::npos &&
            !word_.starts_with('[')) {
            out_.state = word_;
            word_ = next_word(rest_);
        }
        return true;
    }

    [[nodiscard]] bool read_event() {
        if (word_ == "[NEW]")
            out_.event = ListedEvent::begun;
        else if (word_ == "[UPDATE]")
            out_.event = ListedEvent::updated;
        else if (word_ == "[DESTROY]")
            out_.event = ListedEvent::ended;
        else
            return false;
        return true;
    }

    [[nodiscard]] bool read_word() {
        if (word_.starts_with('[')) {
            if (word_ == "[ASSURED]") out_.assured = true;
            if (word_ == "[UNREPLIED]") out_.unreplied = true;
            if (word_ == "[OFFLOAD]" || word_ == "[HW_OFFLOAD]") out_.offloaded = true;
            return true;
        }
        const std::size_t equals = word_.find('=');
        if (equals == std::string_view::npos) return true;
        const std::string_view key = word_.substr(0, equals);
        const std::string_view value = word_.substr(equals + 1);
        if (key == "src") return begin_tuple(value);
        // The kernel states time-outs of GRE before the addresses: "timeout=30,".
        if (tuples_ == 0) return !is_of_tuple(key);
        return is_of_tuple(key) ? read_tuple(key, value) : read_other(key, value);
    }

    [[nodiscard]] bool begin_tuple(std::string_view value) {
        if (tuples_ == 2) return false;
        ++tuples_;
        return read_address(value, tuple().src);
    }
    [[nodiscard]] static bool read_address(std::string_view text, Address& address) {
        const auto read = parse_address(text);
        if (read) address = *read;
        return read.has_value();
    }

    // "id" behind the type and code of a query is the identifier of ICMP; a later one is that of
    // the connection.
    [[nodiscard]] bool is_of_tuple(std::string_view key) const {
        if (key == "id") return is_query_ && !has_query_id_;
        return key == "dst" || key == "sport" || key == "dport" || key == "type" || key == "code" ||
               key == "packets" || key == "bytes" || key == "srckey" || key == "dstkey";
    }
    [[nodiscard]] bool read_tuple(std::string_view key, std::string_view value) {
        Tuple& t = tuple();
        Count& count = tuples_ == 1 ? out_.entry.original : out_.entry.reply;
        unsigned& counted = counted_[tuples_ - 1];
        if (key == "dst") {
            is_query_ = has_query_id_ = false;
            return read_address(value, t.dst);
        }
        if (key == "sport") return read_number(value, t.sport);
        if (key == "dport") return read_number(value, t.dport);
        if (key == "srckey") return read_key(value, t.sport);
        if (key == "dstkey") return read_key(value, t.dport);
        if (key == "code") return read_number(value, t.icmp_code);
        if (key == "type") {
            is_query_ = true;
            return read_number(value, t.icmp_type);
        }
        if (key == "id") {
            has_query_id_ = true;
            const bool read = read_number(value, t.sport);
            t.dport = t.sport;
            return read;
        }
        counted |= key == "packets" ? has_packets : has_bytes;
        return read_number(value, key == "packets" ? count.packets : count.bytes);
    }

    // Keys that are not known are ignored: kernels add some.
    [[nodiscard]] bool read_other(std::string_view key, std::string_view value) {
        Entry& entry = out_.entry;
        if (key == "mark") return read_number(value, entry.mark);
        if (key == "zone") return read_number(value, entry.zone);
        if (key == "zone-orig") return read_number(value, entry.original_zone);
        if (key == "zone-reply") return read_number(value, entry.reply_zone);
        if (key == "id") return read_number(value, out_.id.emplace());
        if (key == "delta-time") return read_number(value, out_.age_seconds.emplace());
        return true;
    }

    [[nodiscard]] Tuple& tuple() {
        Connection& c = out_.entry.connection;
        return tuples_ == 1 ? c.original : c.reply;
    }

    std::string_view rest_;
    std::string_view word_;
    ListedConnection& out_;
    unsigned tuples_ = 0;
    std::array<unsigned, 2> counted_{};
    bool is_query_ = false;
    bool has_query_id_ = false;
};

}  // namespace

ListingLine decode_line(std::string_view line, ListedConnection& connection) {
    connection = {};
    if (line.find_first_not_of(blanks) == std::string_view::npos) return ListingLine::other;
    // "conntrack v1.4.7 (conntrack-tools): 3 flow entries have been shown."
    if (line.starts_with("conntrack v")) return ListingLine::other;
    return LineDecoder(line, connection).run() ? ListingLine::connection : ListingLine::malformed;
}

}  // namespace octroi::conntrack
