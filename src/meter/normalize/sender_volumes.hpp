// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The volumes of senders, by source address, whatever exporters their messages name.
//
// Source addresses can be forged, so that their number is bounded: a new sender replaces the one
// that was not used for the longest time, except those of the batch that is being made. When a
// batch has as many senders as the table, the meter ends the batch.

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstddef>
#include <cstdint>
#include <list>

#include "base/address.hpp"
#include "meter/normalize/address_hash.hpp"
#include "record/reading.hpp"

namespace octroi::normalize {

// Bytes, or packets, of one sender in one batch, that are counted as traffic, and as many again
// that are excluded as implausible. More is refused. The limit of one record is that of all
// meters (record/volume_limits.hpp). All senders together stay below the limit of a batch: none of
// them can make the records of another one be refused.
inline constexpr std::uint64_t sender_volume_max = std::uint64_t{1} << 48U;

// The volumes of one sender.
struct SenderVolume {
    // The largest record so far: the bound of a lost one, as far as can be known.
    std::uint64_t largest_record = 0;
    std::uint64_t batch = 0;  // the batch that those below are of
    struct Sum {
        std::uint64_t bytes = 0;
        std::uint64_t packets = 0;

        // False: the limit would be exceeded, and nothing was added.
        [[nodiscard]] bool add(const Reading& reading) noexcept {
            if (reading.bytes > sender_volume_max - bytes ||
                reading.packets > sender_volume_max - packets)
                return false;
            bytes += reading.bytes;
            packets += reading.packets;
            return true;
        }
    };
    Sum counted;
    Sum implausible;
};

class SenderVolumes {
public:
    static constexpr std::size_t senders_max = 8190;

    // The volumes of that sender in that batch. Senders beyond the limit of a batch share theirs
    // (in files only: see is_full()). Valid until another sender was asked for.
    [[nodiscard]] SenderVolume& of(const Address& sender, std::uint64_t batch) {
        if (!entries_.empty() && entries_.front().address == sender)
            return begin(entries_.front().volume, batch);
        return look_up(sender, batch);
    }
    // 0: nothing is known of that sender.
    [[nodiscard]] std::uint64_t largest_record(const Address& sender) const {
        const auto known = places_.find(sender);
        return known == places_.end() ? 0 : known->second->volume.largest_record;
    }
    // The next sender could share the volumes of others: end the batch.
    [[nodiscard]] bool is_full(std::uint64_t batch) const noexcept {
        return entries_.size() == senders_max && entries_.back().volume.batch == batch;
    }

private:
    struct Entry {
        Address address;
        SenderVolume volume;
    };
    [[nodiscard]] static SenderVolume& begin(SenderVolume& volume, std::uint64_t batch) noexcept {
        if (volume.batch != batch)
            volume = {.largest_record = volume.largest_record, .batch = batch};
        return volume;
    }
    [[nodiscard]] SenderVolume& look_up(const Address& sender, std::uint64_t batch) {
        const auto known = places_.find(sender);
        if (known != places_.end()) {
            entries_.splice(entries_.begin(), entries_, known->second);
            return begin(entries_.front().volume, batch);
        }
        if (is_full(batch)) return begin(others_, batch);
        if (entries_.size() == senders_max) {
            places_.erase(entries_.back().address);
            entries_.pop_back();
        }
        entries_.push_front({sender, {}});
        places_.emplace(sender, entries_.begin());
        return begin(entries_.front().volume, batch);
    }

    std::list<Entry> entries_;  // the one used last is the first
    boost::unordered_flat_map<Address, std::list<Entry>::iterator, AddressHash> places_;
    SenderVolume others_;
};

}  // namespace octroi::normalize
