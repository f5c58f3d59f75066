// SPDX-License-Identifier: GPL-3.0-or-later
#include "meter/flow_file/flow_file.hpp"
#include "wire/flow/null_sink.hpp"

namespace octroi::flow_file {
namespace {

// From the file to what decodes it.
class Feed final : public DatagramSink {
public:
    Feed(exporter::Exporters& exporters, flow::RecordSink& sink)
        : exporters_(exporters), sink_(sink) {}

    // What cannot be decoded is counted by the exporters.
    void datagram(const exporter::Datagram& datagram) override {
        exporters_.decode(datagram, sink_);
    }
    void message(const exporter::Datagram& message) override {
        exporters_.decode_message(message, sink_);
    }
    void session_ended(const Address& from, std::uint16_t session) override {
        exporters_.end_transport_session(from, session, sink_);
    }

private:
    exporter::Exporters& exporters_;
    flow::RecordSink& sink_;
};

}  // namespace

Result<std::unique_ptr<FlowFile>> FlowFile::open(const std::string& path, std::uint64_t seed) {
    TRY_ASSIGN(auto datagrams, DatagramFile::open(path));
    return std::unique_ptr<FlowFile>(new FlowFile(std::move(datagrams), seed));
}

exporter::Exporters FlowFile::fresh() const { return exporter::Exporters({.seed = seed_}); }

Status FlowFile::begin() {
    TRY(datagrams_->rewind());
    exporter::Exporters scout = fresh();
    flow::NullSink sink;
    Feed feed(scout, sink);
    for (bool more = true; more && datagrams_->can_look_further();) {
        TRY_ASSIGN(more, datagrams_->read(feed));
    }
    TRY(datagrams_->rewind());
    exporters_ = fresh();
    exporters_.set_fallback(scout.sampling());
    return {};
}

Result<bool> FlowFile::read(flow::RecordSink& sink, std::uint64_t up_to) {
    Feed feed(exporters_, sink);
    TRY_ASSIGN(const bool more, datagrams_->read(feed, up_to));
    if (!more) exporters_.flush(sink);
    return more;
}

}  // namespace octroi::flow_file
