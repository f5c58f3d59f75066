// SPDX-License-Identifier: GPL-3.0-or-later
#include "tally_meter.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <sstream>

#include "host/datagrams.hpp"

namespace octroi::tally {
namespace {

constexpr std::size_t lines_at_once = 1000;
static_assert(lines_at_once <= counted_volumes_of_a_pull_max);

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

std::optional<Counted> parse_counted(const std::string& line) {
    std::istringstream words(line);
    std::string keyword;
    std::int64_t first = 0;
    std::int64_t last = 0;
    Counted counted;
    if (!(words >> keyword >> first >> last >> counted.user >> counted.far_class >>
          counted.service >> counted.bytes >> counted.packets) ||
        keyword != "counted")
        return {};
    counted.first = UtcTime::from_seconds(first);
    counted.last = UtcTime::from_seconds(last) - Duration{1};
    return counted;
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
    reading.near_name = name_of(transferred.user);
    if (reading.near_name != no_name) reading.direction = Direction::in;  // the source is near
    observed_.add(reading);
}

void TallyMeter::add(const Counted& counted) {
    volumes_.push_back({.first = counted.first,
                        .last = counted.last,
                        .bytes = counted.bytes * options_.scale,
                        .packets = counted.packets,
                        .flows = 1,
                        .local = name_of(counted.user),
                        .far = names_.intern(NameKind::far_class, counted.far_class),
                        .service = names_.intern(NameKind::service, counted.service),
                        .direction = CountedDirection::out});
    observed_.add(volumes_.back());
}

NameRef TallyMeter::name_of(const std::string& user) {
    const auto at = user.find('@');
    if (at == std::string::npos) return no_name;
    const NameRef domain = names_.intern(NameKind::domain, user.substr(at + 1));
    return names_.intern(NameKind::user, user, domain);
}

bool TallyMeter::add_line(const std::string& line) {
    if (const auto transferred = parse_line(line))
        add(*transferred);
    else if (const auto counted = parse_counted(line))
        add(*counted);
    else
        return false;
    return true;
}

void TallyMeter::read_lines(std::size_t limit) {
    std::ifstream file(options_.path);
    file.seekg(static_cast<std::streamoff>(offset_));
    std::string line;
    // A line without its end is still being written.
    while (readings_.size() + volumes_.size() < limit && std::getline(file, line) && !file.eof()) {
        offset_ += line.size() + 1;
        ++lines_;
        if (!add_line(line)) ++malformed_;
    }
}

Result<Pull> TallyMeter::pull(ReadingSink& sink, Duration wait) {
    const std::uint64_t before = lines_;
    read_lines(lines_at_once);
    if (!readings_.empty()) sink.accept(readings_);
    readings_.clear();
    if (!volumes_.empty()) sink.accept_counted(volumes_);
    volumes_.clear();
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
    return Checkpoint{.cursors = {cursor_}, .observed = observed_.drain()};
}

std::vector<CounterValue> TallyMeter::counters() const {
    return {{tally::counters[0].name, lines_},
            {tally::counters[1].name, malformed_},
            {tally::counters[2].name, lines_}};
}

}  // namespace octroi::tally
