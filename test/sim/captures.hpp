// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Capture files that somebody writes while the simulation runs: they grow, are looked at while a
// record is half written, and are copied under other names.

#include <memory>
#include <string>
#include <vector>

#include "random.hpp"
#include "traffic.hpp"
#include "wire/pcap/writer.hpp"

namespace octroi::sim {

// What one recording holds, whatever files show of it.
struct Recording {
    struct End {
        std::size_t offset = 0;  // behind the frame
        Sent sent;               // with the service that whoever reads from the beginning sees
        std::string service;
    };
    std::string octets;  // all of it, as it will be one day
    std::size_t header = 0;
    std::vector<End> frames;
    std::size_t booked = 0;  // frames that stand in the ledger

    // Whole frames in the first `visible` octets.
    [[nodiscard]] std::size_t whole_frames(std::size_t visible) const;
    // The first `visible` octets end where a record does.
    [[nodiscard]] bool ends_clean(std::size_t visible) const;
};

// A name under which a part of a recording is there to be read.
struct CaptureFile {
    std::size_t recording = 0;
    std::string path;
    std::size_t visible = 0;
    bool is_copy = false;
};

class Captures {
public:
    Captures(Random& random, const Population& population, std::string folder, UtcTime begin);

    // Somebody starts to record.
    void record();
    // Shows more of a file; sometimes ends within a record.
    void grow(CaptureFile& file);
    void copy(const CaptureFile& file);
    // Every file that is no copy is whole.
    void finish();

    [[nodiscard]] std::vector<CaptureFile>& files() { return files_; }
    [[nodiscard]] Recording& of(const CaptureFile& file) { return *recordings_[file.recording]; }
    [[nodiscard]] const std::vector<std::unique_ptr<Recording>>& recordings() const {
        return recordings_;
    }

private:
    void write(const CaptureFile& file);
    void write_frames(Recording& recording, std::size_t count);

    Random* random_;
    Traffic traffic_;
    std::string folder_;
    UtcTime begin_;
    std::vector<std::unique_ptr<Recording>> recordings_;
    std::vector<CaptureFile> files_;
};

}  // namespace octroi::sim
