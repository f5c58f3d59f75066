// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/leases/dhcpd_reader.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

#include "wire/leases/dhcpd_tokens.hpp"

namespace octroi::leases {
namespace {

using Words = std::vector<DhcpdToken>;

// Tokens of one declaration; those of a real one are some sixty.
constexpr std::size_t tokens_max = 8192;
constexpr std::size_t depth_max = 8;
// Octets of IAID in front of the DUID: dhcpd.leases(5), "the IA_NA declaration".
constexpr std::size_t iaid_octets = 4;

// A statement `word word …;` or a block `word … { … }`, by its place in the tokens.
struct Statement {
    std::size_t first = 0;
    std::size_t last = 0;        // behind the last word
    std::size_t body_first = 0;  // of a block
    std::size_t body_last = 0;
    bool is_block = false;
};

// The statements of tokens [first, last), which are whole.
std::vector<Statement> statements_of(const Words& tokens, std::size_t first, std::size_t last) {
    std::vector<Statement> all;
    for (std::size_t at = first; at < last; ++at) {
        Statement statement{at, at, 0, 0, false};
        while (at < last && tokens[at].kind != DhcpdTokenKind::semicolon &&
               tokens[at].kind != DhcpdTokenKind::begin && tokens[at].kind != DhcpdTokenKind::end)
            ++at;
        statement.last = at;
        if (at < last && tokens[at].kind == DhcpdTokenKind::begin) {
            statement.is_block = true;
            statement.body_first = at + 1;
            std::size_t depth = 1;
            while (++at < last && depth > 0) {
                if (tokens[at].kind == DhcpdTokenKind::begin) ++depth;
                if (tokens[at].kind == DhcpdTokenKind::end) --depth;
            }
            --at;
            statement.body_last = at;
        }
        all.push_back(statement);
    }
    return all;
}

std::string_view word_at(const Words& tokens, const Statement& statement, std::size_t index) {
    const std::size_t at = statement.first + index;
    return at < statement.last ? tokens[at].text : std::string_view();
}

// "6 2026/11/28 10:00:00" and "epoch 1795860000"; "never" is no time.
std::optional<UtcTime> time_of(const Words& tokens, const Statement& statement) {
    const std::string_view first = word_at(tokens, statement, 1);
    const std::string_view second = word_at(tokens, statement, 2);
    if (first == "epoch") {
        constexpr std::int64_t seconds_max = 9'000'000'000;  // year 2255
        std::int64_t seconds = 0;
        const char* const end = second.data() + second.size();
        if (second.empty() || std::from_chars(second.data(), end, seconds).ptr != end ||
            seconds < 0 || seconds > seconds_max)
            return std::nullopt;
        return UtcTime::from_seconds(seconds);
    }
    std::string date(second);
    std::ranges::replace(date, '/', '-');
    const auto time = parse_rfc3339(date + "T" + std::string(word_at(tokens, statement, 3)) + "Z");
    return time ? std::optional(*time) : std::nullopt;
}

// What the statements of a lease, iaaddr or iaprefix state.
struct Facts {
    Lease lease;
    std::string_view binding = "active";  // before version 3 of dhcpd there was no other
    bool is_bad = false;

    void read(const Words& tokens, const Statement& statement) {
        const std::string_view word = word_at(tokens, statement, 0);
        if (word == "starts" || word == "cltt") {
            // A lease has both, and `cltt` is later; an iaaddr has none.
            if (word == "starts" || !lease.begin) set(lease.begin, tokens, statement);
        } else if (word == "ends") {
            if (word_at(tokens, statement, 1) != "never") set(lease.end, tokens, statement);
        } else if (word == "binding" && word_at(tokens, statement, 1) == "state") {
            binding = word_at(tokens, statement, 2);
        } else if (word == "abandoned") {
            binding = word;
        } else if (word == "hardware" && word_at(tokens, statement, 1) == "ethernet") {
            const auto mac = parse_mac(word_at(tokens, statement, 2));
            if (mac) lease.mac = *mac;
        }
    }
    [[nodiscard]] Lease finish() const {
        Lease made = lease;
        if (binding == "active") return made;
        made.state = made.end ? LeaseState::ended : LeaseState::removed;
        // The client that is named had declined it, or somebody else answered at the address.
        if (binding == "abandoned") made.mac = {};
        return made;
    }

private:
    void set(std::optional<UtcTime>& time, const Words& tokens, const Statement& statement) {
        time = time_of(tokens, statement);
        if (!time) is_bad = true;
    }
};

class Declaration {
public:
    Declaration(const Words& tokens, std::vector<Lease>& leases, DecodeCounts& counts)
        : tokens_(tokens), leases_(leases), counts_(counts) {}

    void read() {
        const auto all = statements_of(tokens_, 0, tokens_.size());
        if (all.empty() || !all.front().is_block) return;
        const Statement& block = all.front();
        const std::string_view word = word_at(tokens_, block, 0);
        if (word == "lease") {
            add(block, {}, std::nullopt);
        } else if (word == "ia-na" || word == "ia-ta" || word == "ia-pd") {
            read_association(block);
        }
    }

private:
    void read_association(const Statement& block) {
        const std::string id = unescape_dhcpd(word_at(tokens_, block, 1));
        const Mac mac = id.size() > iaid_octets ? mac_of_duid(id.substr(iaid_octets)) : Mac{};
        std::optional<UtcTime> begin;
        for (const Statement& inner : statements_of(tokens_, block.body_first, block.body_last)) {
            const std::string_view word = word_at(tokens_, inner, 0);
            if (word == "cltt") begin = time_of(tokens_, inner);
            if (inner.is_block && (word == "iaaddr" || word == "iaprefix")) add(inner, mac, begin);
        }
    }
    void add(const Statement& block, const Mac& mac, std::optional<UtcTime> begin) {
        Facts facts;
        facts.lease.mac = mac;
        facts.lease.begin = begin;
        const auto prefix = parse_prefix(word_at(tokens_, block, 1));
        facts.is_bad = !prefix;
        if (prefix) facts.lease.prefix = *prefix;
        for (const Statement& inner : statements_of(tokens_, block.body_first, block.body_last))
            if (!inner.is_block) facts.read(tokens_, inner);
        ++(facts.is_bad ? counts_.bad : counts_.records);
        if (!facts.is_bad) leases_.push_back(facts.finish());
    }

    const Words& tokens_;
    std::vector<Lease>& leases_;
    DecodeCounts& counts_;
};

// Reads the tokens of one declaration or statement of the top level. False: the text has no whole
// one. is_bad: it is nested too deep, or has too many tokens.
bool read_whole(DhcpdTokens& in, Words& tokens, bool& is_bad) {
    std::size_t depth = 0;
    while (const auto token = in.next()) {
        if (tokens.size() < tokens_max) tokens.push_back(*token);
        if (token->kind == DhcpdTokenKind::begin) ++depth;
        if (token->kind == DhcpdTokenKind::end && depth > 0 && --depth == 0) return true;
        if (token->kind == DhcpdTokenKind::end && depth == 0) return is_bad = true;
        if (token->kind == DhcpdTokenKind::semicolon && depth == 0) return true;
        if (depth > depth_max || tokens.size() == tokens_max) is_bad = true;
    }
    return false;
}

}  // namespace

std::size_t DhcpdReader::decode(std::string_view text, std::vector<Lease>& leases) {
    std::size_t used = 0;
    while (used < text.size()) {
        DhcpdTokens in(text.substr(used));
        Words tokens;
        bool is_bad = false;
        if (!read_whole(in, tokens, is_bad)) break;
        used += in.position();
        if (is_bad)
            ++counts_.bad;
        else
            Declaration(tokens, leases, counts_).read();
    }
    if (text.size() - used <= record_octets_max) return used;
    // A quote or brace without its end: the next line that begins a declaration follows.
    ++counts_.bad;
    const auto next = text.find("\n}\n", used);
    return next == std::string_view::npos ? text.size() : next + 3;
}

}  // namespace octroi::leases
