// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Who is at each end of a reading or counted volume, at a time: from the directory, the class table
// and the meter's names. Used on the meter's thread.
//
// The parties have numbers of the resolver's own, which hold until replace(): first the
// directory's, then the classes, the built-in classes, the reasons of exclusion, and the parties
// that are known only once they are seen (single addresses, names).
//
// An end is found in two steps. find() only looks up, so that the accept pipeline can wait for the
// memory of many readings at once; number_of() may add a party.

#include <array>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <span>
#include <string_view>
#include <vector>

#include "attribute/class_table.hpp"
#include "attribute/directory.hpp"
#include "attribute/resolved_names.hpp"
#include "attribute/seen_parties.hpp"
#include "attribute/services.hpp"
#include "record/counted_volume.hpp"
#include "record/reading.hpp"
#include "record/transfer.hpp"

namespace octroi {

class PartyResolver {
public:
    using DirectoryPtr = std::shared_ptr<const CompiledDirectory>;
    using ClassesPtr = std::shared_ptr<const CompiledClasses>;
    using ServicesPtr = std::shared_ptr<const CompiledServices>;

    // One end, before it has a number: an address or a name may be seen for the first time.
    struct End {
        const Address* key = nullptr;  // of a party seen; null: the end has a number
        std::uint32_t number = 0;      // of the owner of a party seen, or of the end
        std::uint64_t hash = 0;        // of key and owner
    };
    // Keys point into the reading, or into the resolver until the next set_names().
    struct Ends {
        End from;
        End to;
        Interval valid;  // in which both hold
    };

    // seed: of the hash tables; secret from those whose traffic is counted. memory must outlive it.
    PartyResolver(DirectoryPtr directory, ClassesPtr classes, ServicesPtr services,
                  std::uint64_t seed, std::pmr::memory_resource& memory);
    // Numbers given before are void.
    void replace(DirectoryPtr directory, ClassesPtr classes, ServicesPtr services);
    void set_names(std::span<const Name> names) { names_.set(names); }
    void reserve(std::size_t seen) { seen_.reserve(seen); }
    // Drops the parties seen. Numbers given before are void.
    void drop_seen() noexcept { seen_.reset(); }

    // Written where it stays: copying it would cost as much as finding it.
    void find(const Reading& reading, UtcTime time, Ends& ends) const;
    void find(const CountedVolume& volume, UtcTime time, Ends& ends) const;
    [[nodiscard]] std::uint32_t number_of(const End& end) {
        return end.key == nullptr ? end.number
                                  : bases_.seen + seen_.row_of(end.number, *end.key, end.hash);
    }

    // Numbers are below this.
    [[nodiscard]] std::uint32_t end() const noexcept {
        return bases_.seen + static_cast<std::uint32_t>(seen_.size());
    }
    [[nodiscard]] Party party(std::uint32_t number) const;

    [[nodiscard]] const CompiledDirectory& directory() const noexcept { return *directory_; }
    [[nodiscard]] const CompiledClasses& classes() const noexcept { return *classes_; }
    [[nodiscard]] const ResolvedNames& names() const noexcept { return names_; }
    [[nodiscard]] const SeenParties& seen() const noexcept { return seen_; }

private:
    // PartyKind::excluded names; by the numbers below.
    static constexpr std::array<std::string_view, 5> reasons = {"non-ip", "malformed", "duplicate",
                                                                "loopback", "dropped"};
    enum Reason : std::uint32_t {
        reason_non_ip,
        reason_malformed,
        reason_duplicate,
        reason_loopback,
        reason_dropped,
        not_excluded
    };
    // Owners of SeenParties that are none of the directory's: the key is a name. With a lower
    // number, the directory's owner of that number has the name as its identity.
    static constexpr std::uint32_t name_mark = 0x80000000U;
    static constexpr std::uint32_t unattributed_name = 0xFFFFFFFFU;
    static constexpr std::uint32_t class_name = 0xFFFFFFFEU;

    struct Bases {
        std::uint32_t classes = 0;
        std::uint32_t builtin = 0;
        std::uint32_t excluded = 0;
        std::uint32_t seen = 0;
    };
    struct Answers {
        CompiledDirectory::Answer from;
        CompiledDirectory::Answer to;
    };
    // What the record states of an end: a source has no next hop.
    struct Stated {
        std::uint32_t as = 0;
        NameRef next_hop = no_name;
    };

    void number_parties();
    [[nodiscard]] static std::uint32_t exclusion(ReadingKind kind);  // a Reason
    void exclude(std::uint32_t reason, Ends& ends) const;
    void bind_by_links(const Reading& reading, UtcTime time, Answers& answers) const;
    // The reading's near_name: decides before the address, and stands for the end without one.
    void bind_near_name(const Reading& reading, UtcTime time, Answers& answers, Ends& ends) const;
    [[nodiscard]] CompiledDirectory::Answer find_name(NameRef ref, UtcTime time) const;
    [[nodiscard]] CompiledDirectory::Answer find_identity(const ResolvedName& name,
                                                          UtcTime time) const;
    [[nodiscard]] std::uint32_t timeline_of(NameRef ref) const noexcept;
    [[nodiscard]] bool near_is_source(const Reading& reading, bool& known) const;
    void set_end(End& end, const CompiledDirectory::Answer& answer, const Address& address,
                 Stated stated) const;
    void set_end(End& end, const CompiledDirectory::Target& target, const Address& address) const;
    void set_named(End& end, NameRef ref, UtcTime time, Interval& valid) const;
    void set_unlisted(End& end, NameRef ref) const;
    void set_seen(End& end, std::uint32_t owner, const Address& key) const;
    [[nodiscard]] std::uint32_t class_of(const Address& address, Stated stated) const;
    [[nodiscard]] Party seen_party(const SeenParties::Row& row) const;

    DirectoryPtr directory_;
    ClassesPtr classes_;
    ServicesPtr services_;
    ResolvedNames names_;
    Bases bases_;
    std::vector<std::uint32_t> class_parties_;  // by index of classes_->names()
    SeenParties seen_;
};

}  // namespace octroi
