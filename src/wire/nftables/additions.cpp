// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/nftables/additions.hpp"

#include <cstring>
#include <utility>

namespace octroi::nftables {
namespace {

// linux/netfilter/nfnetlink.h
constexpr std::uint16_t batch_begin = 0x10;  // NFNL_MSG_BATCH_BEGIN
constexpr std::uint16_t batch_end = 0x11;    // NFNL_MSG_BATCH_END
constexpr std::uint16_t subsystem = 10;      // NFNL_SUBSYS_NFTABLES
// linux/netfilter/nf_tables.h
constexpr std::uint16_t new_element = subsystem << 8U | 12;  // NFT_MSG_NEWSETELEM
constexpr std::uint16_t new_object = subsystem << 8U | 18;   // NFT_MSG_NEWOBJ
// linux/netlink.h
constexpr std::uint16_t flag_request = 0x1;
constexpr std::uint16_t flag_ack = 0x4;
constexpr std::uint16_t flag_create = 0x400;
constexpr std::uint16_t nested = 0x8000;

constexpr std::uint8_t family_inet = 1;
constexpr std::size_t flags_place = 6;  // in nlmsghdr

// The length of an attribute has 16 bits. A batch fits the default send buffer of a socket.
constexpr std::size_t list_octets_max = 32'000;
constexpr std::size_t batch_octets_max = 128'000;

// Numbers of headers are in the byte order of the machine.
template <typename Value>
void put(std::string& out, Value value) {
    char octets[sizeof value];
    std::memcpy(octets, &value, sizeof value);
    out.append(octets, sizeof value);
}
template <typename Value>
void put_at(std::string& out, std::size_t place, Value value) {
    std::memcpy(out.data() + place, &value, sizeof value);
}

void pad(std::string& out) { out.append((4 - out.size() % 4) % 4, '\0'); }

std::size_t begin_attribute(std::string& out, std::uint16_t type) {
    const std::size_t at = out.size();
    put(out, std::uint16_t{0});
    put(out, type);
    return at;
}
void end_attribute(std::string& out, std::size_t at) {
    put_at(out, at, static_cast<std::uint16_t>(out.size() - at));
    pad(out);
}
void put_text(std::string& out, std::uint16_t type, std::string_view text) {
    const std::size_t at = begin_attribute(out, type);
    out.append(text).push_back('\0');
    end_attribute(out, at);
}

// nlmsghdr and nfgenmsg.
void put_header(std::string& out, std::uint16_t type, std::uint32_t sequence, std::uint8_t family,
                std::uint16_t resource) {
    put(out, std::uint32_t{0});
    put(out, type);
    put(out, static_cast<std::uint16_t>(type < 0x100 ? flag_request : flag_request | flag_create));
    put(out, sequence);
    put(out, std::uint32_t{0});
    out += static_cast<char>(family);
    out += '\0';  // NFNETLINK_V0
    out += static_cast<char>(resource >> 8U);
    out += static_cast<char>(resource & 0xFFU);
}

}  // namespace

void Additions::begin_message(std::uint16_t type) {
    if (batch_.size() > batch_octets_max) end_batch();
    if (batch_.empty()) {
        put_header(batch_, batch_begin, 0, 0, subsystem);
        put_at(batch_, 0, static_cast<std::uint32_t>(batch_.size()));
        sequence_ = 0;
    }
    message_ = batch_.size();
    put_header(batch_, type, ++sequence_, family_inet, 0);
}

void Additions::end_message() {
    put_at(batch_, message_, static_cast<std::uint32_t>(batch_.size() - message_));
}

void Additions::end_elements() {
    if (map_.empty()) return;
    map_.clear();
    end_attribute(batch_, elements_);
    end_message();
}

void Additions::end_batch() {
    if (batch_.empty()) return;
    put_at(batch_, message_ + flags_place,
           static_cast<std::uint16_t>(flag_request | flag_create | flag_ack));
    message_ = batch_.size();
    put_header(batch_, batch_end, ++sequence_, 0, subsystem);
    end_message();
    batches_.push_back(std::exchange(batch_, {}));
}

void Additions::add_counter(std::string_view name) {
    end_elements();
    begin_message(new_object);
    put_text(batch_, 1, table_);                          // NFTA_OBJ_TABLE
    put_text(batch_, 2, name);                            // NFTA_OBJ_NAME
    const std::size_t type = begin_attribute(batch_, 3);  // NFTA_OBJ_TYPE
    batch_.append("\0\0\0\1", 4);                         // NFT_OBJECT_COUNTER
    end_attribute(batch_, type);
    end_attribute(batch_, begin_attribute(batch_, 4 | nested));  // NFTA_OBJ_DATA
    end_message();
}

void Additions::add_element(std::string_view map, std::string_view key, std::string_view counter) {
    if (map != map_ || batch_.size() - elements_ > list_octets_max) {
        end_elements();
        begin_message(new_element);
        put_text(batch_, 1, table_);                      // NFTA_SET_ELEM_LIST_TABLE
        put_text(batch_, 2, map);                         // NFTA_SET_ELEM_LIST_SET
        elements_ = begin_attribute(batch_, 3 | nested);  // NFTA_SET_ELEM_LIST_ELEMENTS
        map_ = map;
    }
    const std::size_t element = begin_attribute(batch_, 1 | nested);      // NFTA_LIST_ELEM
    const std::size_t element_key = begin_attribute(batch_, 1 | nested);  // NFTA_SET_ELEM_KEY
    const std::size_t value = begin_attribute(batch_, 1);                 // NFTA_DATA_VALUE
    batch_ += key;
    end_attribute(batch_, value);
    end_attribute(batch_, element_key);
    put_text(batch_, 9, counter);  // NFTA_SET_ELEM_OBJREF
    end_attribute(batch_, element);
}

std::vector<std::string> Additions::drain() {
    end_elements();
    end_batch();
    return std::exchange(batches_, {});
}

}  // namespace octroi::nftables
