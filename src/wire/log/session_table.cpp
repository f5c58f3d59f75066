// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/log/session_table.hpp"

#include <utility>

#include "base/byte_cursor.hpp"

namespace octroi::logline {

const Session* SessionTable::find(std::string_view key) {
    const auto at = by_key_.find(key);
    return at == by_key_.end() ? nullptr : &at->second->session;
}

void SessionTable::cut(std::string& text) const {
    if (text.size() > limits_.text_octets_max) text.resize(limits_.text_octets_max);
}

void SessionTable::put(std::string_view key, Session session) {
    remove(key);
    if (key.size() > limits_.text_octets_max) return;
    cut(session.client);
    cut(session.user);
    cut(session.section);
    sessions_.push_back({std::string(key), std::move(session)});
    octets_ += sessions_.back().octets();
    by_key_.emplace(sessions_.back().key, std::prev(sessions_.end()));
    while (sessions_.size() > limits_.sessions_max || octets_ > limits_.octets_max) {
        remove(sessions_.begin());
        ++evicted_;
    }
}

void SessionTable::remove(std::string_view key) {
    if (const auto at = by_key_.find(key); at != by_key_.end()) remove(at->second);
}

void SessionTable::remove(Items::iterator item) {
    octets_ -= item->octets();
    by_key_.erase(item->key);
    sessions_.erase(item);
}

std::string SessionTable::save() const {
    if (sessions_.empty()) return {};
    ByteWriter out;
    out.be32(static_cast<std::uint32_t>(sessions_.size()));
    for (const Item& item : sessions_) {
        out.text(item.key);
        out.text(item.session.client);
        out.text(item.session.user);
        out.text(item.session.section);
        out.u8(item.session.has_size ? 1 : 0);
        out.be64(item.session.size);
    }
    return out.drain();
}

Status SessionTable::restore(std::string_view state) {
    sessions_.clear();
    by_key_.clear();
    octets_ = 0;
    if (state.empty()) return {};
    ByteCursor in(as_octets(state));
    std::uint32_t count = 0;
    bool is_whole = in.be32(count);
    for (std::uint32_t i = 0; is_whole && i < count; ++i) {
        std::string key;
        Session session;
        std::uint8_t has_size = 0;
        is_whole = in.text(key) && in.text(session.client) && in.text(session.user) &&
                   in.text(session.section) && in.u8(has_size) && in.be64(session.size);
        session.has_size = has_size != 0;
        if (is_whole) put(key, std::move(session));
    }
    if (is_whole && in.left() == 0) return {};
    (void)restore({});
    return fail(ErrorCode::corrupt, "saved sessions of a log are damaged");
}

}  // namespace octroi::logline
