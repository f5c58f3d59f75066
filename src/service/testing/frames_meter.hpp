// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "meter/file/once_meter.hpp"

namespace octroi::testing {

// A file of so many frames of 100 bytes, all at one moment, from 10.0.0.1 to 192.0.2.1. It asks for
// a checkpoint after each third; its cursor is the number of frames that were read.
class FramesMeter final : public file::OnceMeter {
public:
    static constexpr std::uint64_t checkpoint_frames = 3;

    FramesMeter(const std::string& file, std::uint64_t frames, std::span<const Cursor> known)
        : source_("frames:" + file), total_(frames) {
        const auto found = std::ranges::find(known, source_, &Cursor::source);
        if (found == known.end()) return;
        cursor_ = *found;
        resumed_at_ = read_ = std::stoull(found->position);
        known_as_ = found->note;
    }
    Result<Pull> pull(ReadingSink& sink, Duration /*wait*/) override {
        if (read_ == total_) return Pull::end;
        ++read_;
        Reading r;
        r.first = r.last = UtcTime::from_seconds(1'700'000'000);
        r.bytes = 100;
        r.packets = 1;
        r.src = Address::v4(0x0a000001U);
        r.dst = Address::v4(0xc0000201U);
        sink.accept({&r, 1});
        seen_ += Volume{Bytes{100}, Packets{1}, Flows{0}};
        if (error_at != 0 && read_ == error_at) return fail(ErrorCode::corrupt, "a bad block");
        return read_ % checkpoint_frames == 0 ? Pull::checkpoint : Pull::more;
    }
    Result<Checkpoint> checkpoint(ReadingSink& /*sink*/) override {
        Checkpoint out;
        if (std::to_string(read_) == cursor_.position) return out;
        cursor_ = {source_, std::to_string(read_), cursor_.version + 1, source_ + ", read"};
        out.cursors = {cursor_};
        out.observed = std::exchange(seen_, {});
        return out;
    }
    [[nodiscard]] const NameTable& names() const override { return names_; }
    [[nodiscard]] std::vector<CounterValue> counters() const override { return {}; }
    [[nodiscard]] bool already_complete() const noexcept override { return resumed_at_ == total_; }
    [[nodiscard]] std::uint64_t resumed_at() const noexcept override { return resumed_at_; }
    [[nodiscard]] const std::string& known_as() const noexcept override { return known_as_; }
    [[nodiscard]] const std::string& source() const noexcept override { return source_; }
    [[nodiscard]] std::uint64_t position() const noexcept override { return read_; }
    [[nodiscard]] std::uint64_t size() const noexcept override { return total_; }
    [[nodiscard]] std::uint64_t frames() const noexcept override { return read_ - resumed_at_; }
    [[nodiscard]] const std::string& warning() const noexcept override { return warning_text; }

    std::uint64_t error_at = 0;
    std::string warning_text;

private:
    NameTable names_;
    std::string source_;
    std::uint64_t total_;
    Cursor cursor_;
    std::uint64_t resumed_at_ = 0;
    std::uint64_t read_ = 0;
    std::string known_as_;
    Volume seen_;
};

}  // namespace octroi::testing
