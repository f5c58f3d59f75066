// SPDX-License-Identifier: GPL-3.0-or-later
#include "tally_meter.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <sstream>

#include "host/datagrams.hpp"

namespace octroi::tally {
namespace {

constexpr std::size_t lines_at_once = 1000;

}  // namespace

std::optional<Transferred> parse_line(const std::string& line) {
    std::istringstream words(line);
    std::int64_t seconds = 0;
    std::string src;
    std::string dst;
    Transferred transferred;
    if (!(words >> seconds >> src >> dst >> transferred.bytes >> transferred.packets)) return {};
    words >> transferred.user;
    const auto from = parse_address(src);
    const auto to = parse_address(dst);
    if (!from || !to) return {};
    transferred.time = UtcTime::from_seconds(seconds);
    transferred.src = *from;
    transferred.dst = *to;
    return transferred;
}

Result<std::unique_ptr<TallyMeter>> TallyMeter::open(const TallyOptions& options,
                                                     std::span<const Cursor> cursors) {
    std::error_code error;
    const std::uint64_t size = std::filesystem::file_size(options.path, error);
    if (error)
        return fail(ErrorCode::not_found, fmt::format("{}: {}", options.path, error.message()));
    std::unique_ptr<TallyMeter> meter(new TallyMeter(options));
    meter->size_ = size;
    meter->cursor_.source = options.source;
    for (const Cursor& cursor : cursors) {
        if (cursor.source != options.source) continue;
        meter->cursor_ = cursor;
        meter->known_as_ = cursor.note;
        meter->offset_ = std::stoull(cursor.position);
        meter->resumed_at_ = meter->offset_;
    }
    return meter;
}

bool TallyMeter::already_complete() const noexcept { return size_ > 0 && resumed_at_ == size_; }

void TallyMeter::add(const Transferred& transferred) {
    Reading& reading = readings_.emplace_back();
    reading.first = reading.last = transferred.time;
    reading.src = transferred.src;
    reading.dst = transferred.dst;
    reading.bytes = transferred.bytes * options_.scale;
    reading.packets = transferred.packets;
    reading.flows = 1;
    if (const auto at = transferred.user.find('@'); at != std::string::npos) {
        const NameRef domain = names_.intern(NameKind::domain, transferred.user.substr(at + 1));
        reading.near_name = names_.intern(NameKind::user, transferred.user, domain);
        reading.direction = Direction::in;  // the source is the near end
    }
    observed_ += {Bytes(reading.bytes), Packets(reading.packets), Flows(1)};
}

void TallyMeter::read_lines(std::size_t limit) {
    std::ifstream file(options_.path);
    file.seekg(static_cast<std::streamoff>(offset_));
    std::string line;
    // A line without its end is still being written.
    while (readings_.size() < limit && std::getline(file, line) && !file.eof()) {
        offset_ += line.size() + 1;
        ++lines_;
        if (const auto transferred = parse_line(line))
            add(*transferred);
        else
            ++malformed_;
    }
}

Result<Pull> TallyMeter::pull(ReadingSink& sink, Duration wait) {
    const std::uint64_t before = lines_;
    read_lines(lines_at_once);
    if (!readings_.empty()) sink.accept(readings_);
    readings_.clear();
    if (lines_ > before) return Pull::more;
    if (!options_.follow) {
        if (malformed_ > 0) warning_ = fmt::format("{} malformed lines were left out", malformed_);
        return Pull::end;
    }
    wait_readable({}, wait);
    return Pull::idle;
}

Result<Checkpoint> TallyMeter::checkpoint(ReadingSink& /*sink*/) {
    ++cursor_.version;
    cursor_.position = std::to_string(offset_);
    cursor_.note = fmt::format("{}, {} octets read", options_.path, offset_);
    return Checkpoint{.cursors = {cursor_}, .observed = std::exchange(observed_, {})};
}

std::vector<CounterValue> TallyMeter::counters() const {
    return {{tally::counters[0].name, lines_}, {tally::counters[1].name, malformed_}};
}

}  // namespace octroi::tally
