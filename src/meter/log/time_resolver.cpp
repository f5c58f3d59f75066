// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/log/time_resolver.hpp"

#include <algorithm>
#include <chrono>

#include "base/byte_cursor.hpp"

namespace octroi::logs {
namespace {

namespace chrono = std::chrono;

constexpr std::int64_t second_ns = Duration::seconds(1).ns;
constexpr std::int64_t day_ns = Duration::hours(24).ns;
constexpr std::int64_t quarter_ns = Duration::minutes(15).ns;
// A step back by more months than these is the begin of a new year; a step forward by more is a
// late line of the last one.
constexpr int half_year_months = 6;

std::int64_t floor_of(std::int64_t value, std::int64_t unit) noexcept {
    return value / unit - (value % unit < 0 ? 1 : 0);
}

chrono::year_month_day date_of(std::int64_t local_ns) {
    return chrono::sys_days(chrono::days(floor_of(local_ns, day_ns)));
}

// The same month, day and time of another year.
std::optional<std::int64_t> moved_to(std::int64_t local_ns, int year) {
    const chrono::year_month_day date = date_of(local_ns);
    const chrono::year_month_day moved = chrono::year(year) / date.month() / date.day();
    if (!moved.ok()) return std::nullopt;
    const std::int64_t days = chrono::sys_days(moved).time_since_epoch().count();
    return days * day_ns + (local_ns - floor_of(local_ns, day_ns) * day_ns);
}

}  // namespace

std::optional<std::int64_t> TimeResolver::with_year(std::int64_t local_ns) {
    const auto month = static_cast<unsigned>(date_of(local_ns).month());
    if (settings_.first_year) {
        if (year_ == 0) year_ = *settings_.first_year;
        if (last_month_ != 0) {
            const int step = static_cast<int>(month) - static_cast<int>(last_month_);
            if (step < -half_year_months) ++year_;
            if (step > half_year_months) --year_;
        }
        last_month_ = month;
        return moved_to(local_ns, year_);
    }
    const std::int64_t latest =
        settings_.latest.ns +
        settings_.zone.offset_seconds(settings_.latest) * Duration::seconds(1).ns + day_ns;
    const int year = static_cast<int>(date_of(latest).year());
    // 29 February: at most eight years back (1896 to 1904).
    for (int back = 0; back <= 8; ++back) {
        const auto moved = moved_to(local_ns, year - back);
        if (moved && *moved <= latest) return moved;
    }
    return std::nullopt;
}

TimeResolver::Quarter TimeResolver::quarter_of(std::int64_t local_ns) const {
    const Zone& zone = settings_.zone;
    Quarter quarter;
    quarter.number = floor_of(local_ns, quarter_ns);
    const chrono::year_month_day date = date_of(local_ns);
    const std::int64_t of_day = local_ns - floor_of(local_ns, day_ns) * day_ns;
    const UtcTime first = zone.resolve(
        {static_cast<int>(date.year()), static_cast<int>(static_cast<unsigned>(date.month())),
         static_cast<int>(static_cast<unsigned>(date.day())), of_day / second_ns});
    quarter.offset_ns = floor_of(local_ns, second_ns) * second_ns - first.ns;
    quarter.set_back = zone.same_offset(first).end;
    if (quarter.set_back == UtcTime::max()) return quarter;
    quarter.second_offset_ns = zone.offset_seconds(quarter.set_back) * second_ns;
    const UtcTime second{local_ns - quarter.second_offset_ns};
    quarter.is_shown_twice =
        quarter.second_offset_ns < quarter.offset_ns && second >= quarter.set_back &&
        second < quarter.set_back + Duration{quarter.offset_ns - quarter.second_offset_ns};
    return quarter;
}

UtcTime TimeResolver::in_zone(std::int64_t local_ns) {
    if (!quarter_ || quarter_->number != floor_of(local_ns, quarter_ns))
        quarter_ = quarter_of(local_ns);
    const UtcTime first{local_ns - quarter_->offset_ns};
    // A later line of another day says nothing.
    if (!quarter_->is_shown_twice || !last_ || *last_ - first > Duration{day_ns}) return first;
    const bool is_second = *last_ >= quarter_->set_back || *last_ - first > order_slack;
    return is_second ? UtcTime{local_ns - quarter_->second_offset_ns} : first;
}

std::optional<UtcTime> TimeResolver::resolve_incomplete(const logline::LineTime& time) {
    if (!time.stated) return std::nullopt;
    std::int64_t local_ns = time.local_ns;
    if (!time.has_year) {
        const auto dated = with_year(local_ns);
        if (!dated) return std::nullopt;
        local_ns = *dated;
    }
    return note(time.has_zone ? UtcTime{local_ns - Duration::seconds(time.offset_s).ns}
                              : in_zone(local_ns));
}

// u16 year, u8 month (0: no line), u64 time of the latest line (ns).
std::string TimeResolver::save() const {
    if (!last_) return {};
    ByteWriter out;
    out.be16(static_cast<std::uint16_t>(year_));
    out.u8(static_cast<std::uint8_t>(last_month_));
    out.be64(static_cast<std::uint64_t>(last_->ns));
    return out.drain();
}

Status TimeResolver::restore(std::string_view saved) {
    year_ = 0;
    last_month_ = 0;
    last_.reset();
    if (saved.empty()) return {};
    ByteCursor in(as_octets(saved));
    std::uint16_t year = 0;
    std::uint8_t month = 0;
    std::uint64_t last = 0;
    if (!in.be16(year) || !in.u8(month) || !in.be64(last) || in.left() != 0 || month > 12)
        return fail(ErrorCode::corrupt, "the saved time of a log is damaged");
    year_ = year;
    last_month_ = month;
    last_ = UtcTime{static_cast<std::int64_t>(last)};
    return {};
}

}  // namespace octroi::logs
