// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Capture files that are written while the simulation runs: they grow, are read while a record is
// incomplete, and are copied to other names.

#include <memory>
#include <string>
#include <vector>

#include "random.hpp"
#include "traffic.hpp"
#include "wire/pcap/testing/writer.hpp"

namespace octroi::sim {

// The whole content of one recording. A file contains the first part.
struct Recording {
    struct End {
        std::size_t offset = 0;  // of the end of the frame
        Sent sent;               // with the service that a reader from the beginning finds
        std::string service;
    };
    std::string octets;  // the whole future content
    std::size_t header = 0;
    std::vector<End> frames;
    std::size_t booked = 0;  // frames that are in the ledger

    // Whole frames in the first `visible` octets.
    [[nodiscard]] std::size_t whole_frames(std::size_t visible) const;
    // Whether the first `visible` octets end at the end of a record.
    [[nodiscard]] bool ends_clean(std::size_t visible) const;
};

// A file with the first part of a recording.
struct CaptureFile {
    std::size_t recording = 0;
    std::string path;
    std::size_t visible = 0;
    bool is_copy = false;
};

class Captures {
public:
    Captures(Random& random, const Population& population, std::string folder, UtcTime begin);

    // Starts a new recording.
    void record();
    // Appends to a file; sometimes the end is within a record.
    void grow(CaptureFile& file);
    void copy(const CaptureFile& file);
    // Completes every file that is not a copy.
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
