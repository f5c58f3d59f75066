// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/leases/lease_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/byte_cursor.hpp"
#include "wire/leases/open_reader.hpp"

namespace octroi::dhcp {

using leases::DecodeCounts;
using leases::Lease;
using leases::LeaseFormat;

namespace {

constexpr std::size_t head_octets = 4096;  // that show the format

bool is_same_content(const FileStatus& a, const FileStatus& b) {
    return a.device == b.device && a.inode == b.inode && a.size == b.size &&
           a.modified == b.modified;
}

bool exists(const std::string& path) { return status_of(path).has_value(); }

// As Kea itself reads them at its start: a finished cleanup, or the file of the one before; then
// the file that waits for the next one.
std::deque<std::string> files_beside(const std::string& path) {
    std::deque<std::string> files;
    const std::string completed = path + ".completed";
    const std::string previous = path + ".2";
    const std::string input = path + ".1";
    if (exists(completed))
        files.push_back(completed);
    else if (exists(previous))
        files.push_back(previous);
    if (exists(input)) files.push_back(input);
    return files;
}

}  // namespace

bool LeaseFile::step(UtcTime now, ReadingSink& sink) {
    problem_.clear();
    const Status status = [&]() -> Status {
        if (!reading_) TRY(begin(now));
        if (reading_) return read_part(now, sink);
        return {};
    }();
    if (status) return reading_.has_value();
    problem_ = status.error().text;
    reading_.reset();
    return false;
}

// Opens the file that has changed; leaves reading_ empty where none has.
Status LeaseFile::begin(UtcTime now) {
    TRY_ASSIGN(const FileStatus status, status_of(path_));
    if (seen_ && is_same_content(*seen_, status)) return {};
    // The server may not have finished; file systems keep times of a few milliseconds at best.
    constexpr Duration settled_after = Duration::seconds(1);
    const bool is_unsettled = status.modified <= now && now - status.modified < settled_after;
    is_new_ = !seen_ || found_ == LeaseFormat::unknown || seen_->device != status.device ||
              seen_->inode != status.inode || status.size < offset_;
    if (is_new_) {
        offset_ = 0;
        end_reader();
        TRY(find_format());
        if (found_ == LeaseFormat::unknown) {
            seen_ = status;  // empty: the server has written nothing yet
            return {};
        }
        if (found_ == LeaseFormat::kea) earlier_ = files_beside(path_);
    }
    if (found_ == LeaseFormat::dnsmasq && is_unsettled) {
        seen_.reset();
        return {};
    }
    return open_next();
}

Status LeaseFile::find_format() {
    TRY_ASSIGN(const auto file, File::open_regular(path_));
    std::string head(head_octets, '\0');
    TRY_ASSIGN(const std::size_t got, file->read(std::as_writable_bytes(std::span(head))));
    head.resize(got);
    // An empty file has the format that it had before: dnsmasq without a lease.
    if (head.find_first_not_of("\r\n") == std::string::npos && format_ == LeaseFormat::unknown)
        return {};
    found_ = format_ != LeaseFormat::unknown ? format_ : leases::recognise_format(head);
    if (found_ != LeaseFormat::unknown) return {};
    return fail(ErrorCode::invalid,
                fmt::format("{}: the first line is not one of a lease file of dhcpd, Kea or "
                            "dnsmasq; next: correct `files`, or state `format`",
                            path_));
}

Status LeaseFile::open_next() {
    Reading reading;
    const std::string path = earlier_.empty() ? path_ : earlier_.front();
    reading.is_main = earlier_.empty();
    if (!earlier_.empty()) earlier_.pop_front();
    TRY_ASSIGN(reading.file, File::open_regular(path));
    TRY_ASSIGN(reading.status, reading.file->status());
    reading.is_complete = found_ == LeaseFormat::dnsmasq;
    if (reading.is_complete && reading.status.size > complete_octets_max)
        return fail(ErrorCode::over_limit,
                    fmt::format("{}: {} octets are more than a lease file of dnsmasq has ({} at "
                                "most); next: check `files`",
                                path, reading.status.size, complete_octets_max));
    if (reading.is_main && !is_new_ && reading.status.inode != seen_->inode)
        return {};  // replaced since begin() looked: the next look begins again
    if (reading.is_main && !is_new_ && !reading.is_complete) {
        TRY(reading.file->seek(offset_));
    } else {
        end_reader();
        reader_ = leases::open_reader(found_);
        offset_ = 0;
    }
    if (reading.is_complete) events_.begin_complete();
    reading_ = std::move(reading);
    return {};
}

Status LeaseFile::read_part(UtcTime now, ReadingSink& sink) {
    Reading& reading = *reading_;
    const UtcTime written = std::min(reading.status.modified, now);
    const std::size_t before = reading.text.size();
    reading.text.resize(before + step_octets);
    TRY_ASSIGN(const std::size_t got,
               reading.file->read(std::as_writable_bytes(std::span(reading.text).subspan(before))));
    reading.text.resize(before + got);
    std::vector<Lease> read;
    const std::size_t used = reader_->decode(reading.text, read);
    reading.text.erase(0, used);
    if (reading.is_main) offset_ += used;
    if (reading.is_complete)
        reading.waiting.insert(reading.waiting.end(), read.begin(), read.end());
    else
        use(read, written, sink);
    if (got == step_octets) return {};
    const bool is_main = reading.is_main;
    finish(written, sink);
    return is_main ? Status{} : open_next();
}

void LeaseFile::finish(UtcTime written, ReadingSink& sink) {
    Reading reading = *std::exchange(reading_, std::nullopt);
    if (!reading.is_main) return;
    if (reading.is_complete) {
        const auto after = reading.file->status();
        if (!after || !is_same_content(*after, reading.status)) {
            seen_.reset();  // it changed while it was read: the next look reads it again
            return;
        }
        use(reading.waiting, written, sink);
        events_.end_complete(written);
    } else {
        events_.end_pass();
    }
    use({}, written, sink);
    seen_ = reading.status;
}

void LeaseFile::use(const std::vector<Lease>& read, UtcTime written, ReadingSink& sink) {
    for (const Lease& lease : read) events_.add(lease, written);
    const std::vector<IdentityEvent> events = events_.drain();
    if (!events.empty()) sink.accept_identities(events);
}

void LeaseFile::end_reader() {
    if (reader_ == nullptr) return;
    decoded_ = decoded();
    reader_.reset();
}

DecodeCounts LeaseFile::decoded() const {
    DecodeCounts counts = decoded_;
    if (reader_ != nullptr) {
        counts.records += reader_->counts().records;
        counts.bad += reader_->counts().bad;
    }
    return counts;
}

}  // namespace octroi::dhcp
