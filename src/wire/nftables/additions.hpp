// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Messages to nf_tables that add counters, and elements of maps from values to counters: for very
// many of them, where a text for libnftables costs seconds.
// Sources: linux/netfilter/nf_tables.h (attributes), linux/netfilter/nfnetlink.h (batches),
// linux/netlink.h (nlmsghdr).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace octroi::nftables {

// Batches of messages. The kernel applies each batch as a whole or not at all, and answers its last
// message (NLM_F_ACK), or a message that it refuses.
// Objects that are there already stay as they are.
class Additions {
public:
    // table: of family inet.
    explicit Additions(std::string_view table) : table_(table) {}

    void add_counter(std::string_view name);
    // The map and the counter must be there, or have been added before. key: as the kernel compares
    // it. Elements of one map that follow one another share a message.
    void add_element(std::string_view map, std::string_view key, std::string_view counter);
    // Each batch with its first and its last message, in the order in which they were added.
    [[nodiscard]] std::vector<std::string> drain();

private:
    void begin_message(std::uint16_t type);
    void end_message();
    void end_elements();
    void end_batch();

    std::string table_;
    std::vector<std::string> batches_;
    std::string batch_;
    std::size_t message_ = 0;     // where the message that is written begins in batch_
    std::uint32_t sequence_ = 0;  // of that message
    std::string map_;             // of the message of elements that is open; empty: there is none
    std::size_t elements_ = 0;    // where its list begins in batch_
};

}  // namespace octroi::nftables
