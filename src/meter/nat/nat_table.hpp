// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The translations that exporters tell of, in time: whose traffic was it that came from an outside
// address?
//
//   - A beginning opens a translation. It ends the one that the same exporter had for the same
//     outside end (address, protocol, ports, far end) before it, and ends itself where a later one
//     is known already: datagrams may overtake each other.
//   - An end closes the translation of that outside end and inside address. What is closed stays as
//     it is. If another inside address has the outside end, the end is not taken, and counted: a
//     beginning alone says that somebody else has it.
//   - An end without a beginning stands for a translation since unknown_start before it, or since
//     the one before. When its beginning arrives after all, it begins there. (An end may be dated
//     up to clock_grace before its beginning.)
//   - What ended is kept for kept_after_end: flows are reported after they are over.
//
// Bounds: an exporter has at most half of all places. When it has as many, or there are no more,
// its own translation that ended first makes room, else its oldest; nobody else's ever does. What
// is forgotten is counted. Memory: 200 MiB for the book at most (100 where many have the same
// outside address), and 100 MiB for what became known since the last drain_changes().

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

#include "base/address.hpp"
#include "base/byte_cursor.hpp"
#include "base/hash.hpp"
#include "record/translation.hpp"

namespace octroi::nat {

// Limits as they are; smaller ones fill sooner.
struct TranslationLimits {
    std::size_t places = std::size_t{1} << 19U;
    // Exporters that are asked about one outside address: the first ones that told of it.
    std::size_t exporters_of_address = 16;
    // What became known since the last drain_changes().
    std::size_t changes = std::size_t{1} << 20U;
};

class NatTable {
public:
    static constexpr Duration kept_after_end = Duration::hours(1);
    static constexpr Duration unknown_start = Duration::hours(1);
    // Clocks differ, and NetFlow's are a second coarse.
    static constexpr Duration clock_grace = Duration::seconds(2);

    explicit NatTable(std::uint64_t seed, const TranslationLimits& limits = {})
        : limits_(limits), outsides_(0, AddressHash{seed}) {}

    [[nodiscard]] bool empty() const noexcept { return outsides_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    // Whether anything is known of the address: quick, for what mostly has the answer no.
    [[nodiscard]] bool knows(const Address& outside) const noexcept {
        return outsides_.contains(outside);
    }

    // now: when it was told, by our clock.
    void begin(Translation translation, UtcTime at, UtcTime now);
    void end(Translation translation, UtcTime at, UtcTime now);

    struct Ask {
        Address exporter;  // of the record: what it says of translations itself comes first
        Address outside;
        Address remote;
        std::uint8_t protocol = 0;
        std::uint16_t port = 0;
        std::uint16_t remote_port = 0;
        UtcTime first;  // of the traffic
        UtcTime last;
        // Other exporters whose word is taken.
        std::span<const Prefix> believed = {};
    };
    struct Inside {
        Address address;
        std::uint16_t port = 0;  // 0: as outside, or not known
    };
    // The inside end: of the translation that holds at `first`, else at `last`, else within
    // clock_grace of `first`; the closest description first (session, binding, block, address).
    // Where exporters contradict each other, the translation that began last.
    [[nodiscard]] std::optional<Inside> inside_of(const Ask& ask) const;

    // What began or ended since the last call, sorted; no two differ in the end alone.
    [[nodiscard]] std::vector<Translation> drain_changes();
    [[nodiscard]] std::size_t changes() const noexcept { return changes_.size(); }
    // Translations that had to make room, and ones for which there was none.
    [[nodiscard]] std::uint64_t forgotten() const noexcept { return forgotten_; }
    // Ends that were not taken because another inside address has the outside end.
    [[nodiscard]] std::uint64_t contradicted() const noexcept { return contradicted_; }

    void save(ByteWriter& out) const;
    // Into an empty book. False: these are not the octets of a book; it is empty then.
    [[nodiscard]] bool restore(ByteCursor& in);

private:
    // An outside end without its address, and from when on who had it. Blocks stand behind single
    // ports; the history of one end stands together.
    struct Key {
        bool block = false;
        std::uint8_t protocol = 0;
        std::uint16_t first = 0;
        std::uint16_t last = 0;
        std::uint16_t step = 1;
        Address remote;
        std::uint16_t remote_port = 0;
        UtcTime begin;
        Address inside;
        std::uint16_t inside_port = 0;

        auto operator<=>(const Key&) const = default;
        [[nodiscard]] bool same_end(const Key& other) const noexcept {
            return block == other.block && protocol == other.protocol && first == other.first &&
                   last == other.last && step == other.step && remote == other.remote &&
                   remote_port == other.remote_port;
        }
    };
    struct Claim;
    struct Entry;
    using Entries = std::map<Key, Entry>;
    struct Place {
        Claim* claim = nullptr;
        Entries::iterator entry;
    };
    using Places = std::list<Place>;
    struct Entry {
        UtcTime end = UtcTime::max();
        bool start_known = true;
        Places::iterator place;
        // Where it stands in changes_, if that is of the same round.
        std::uint64_t round = 0;
        std::size_t change = 0;
        [[nodiscard]] bool is_open() const noexcept { return end == UtcTime::max(); }
    };
    // What one exporter says of one outside address.
    struct Claim {
        Address outside;
        Address exporter;
        Entries entries;
    };
    using Claims = std::vector<std::unique_ptr<Claim>>;  // in the order in which they came
    // In the order in which they are given up: what was closed first, what was opened first.
    struct Exporter {
        Places closed;
        Places open;
        [[nodiscard]] std::size_t size() const noexcept { return closed.size() + open.size(); }
    };
    struct AddressHash {
        std::uint64_t seed = 0;
        [[nodiscard]] std::size_t operator()(const Address& address) const noexcept;
    };

    [[nodiscard]] static Key key_of(const Translation& t) noexcept;
    [[nodiscard]] static Translation translation_of(const Claim& claim, const Key& key,
                                                    const Entry& entry);
    // The latest of that end that begins at or before `at`; end() where there is none.
    [[nodiscard]] static Entries::iterator latest(Entries& entries, Key key, UtcTime at);
    [[nodiscard]] static const Key* find_in(const Claim& claim, const Ask& ask, UtcTime at,
                                            Duration grace);
    [[nodiscard]] Claim* find_claim(const Translation& t);
    // Whether another exporter may claim the address, or this one does.
    [[nodiscard]] bool has_claims_left(const Translation& t);
    [[nodiscard]] bool make_room(const Address& exporter, UtcTime now);
    // False: it is there, or too many exporters claim its address.
    [[nodiscard]] bool add(const Translation& t, bool start_known);
    void add_with_room(const Translation& t, bool start_known, UtcTime now);
    void close(const Claim& claim, Entries::iterator at, UtcTime end);
    void remove(Claim& claim, Entries::iterator at);
    void note(const Claim& claim, Entries::iterator at);
    void forget_change(const Entry& entry);
    void clear();

    TranslationLimits limits_;
    boost::unordered_flat_map<Address, Claims, AddressHash> outsides_;
    std::map<Address, Exporter> exporters_;
    std::size_t size_ = 0;
    std::vector<Translation> changes_;
    std::uint64_t round_ = 1;
    std::uint64_t forgotten_ = 0;
    std::uint64_t contradicted_ = 0;
};

}  // namespace octroi::nat
