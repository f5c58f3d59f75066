// SPDX-License-Identifier: GPL-3.0-or-later
#include "sender.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <vector>

namespace octroi::bench {
namespace {

constexpr std::size_t at_once = 32;

// The endless sequence of messages: all of them again and again, with increasing sequence numbers.
class MessageCycle {
public:
    explicit MessageCycle(const ExportMessages& messages)
        : messages_(messages), copy_(messages.messages) {}
    std::string& next() {
        std::string& message = copy_[at_];
        at_ = (at_ + 1) % copy_.size();
        messages_.set_sequence(message, sequence_);
        sequence_ += messages_.format.sequence_by;
        return message;
    }

private:
    const ExportMessages& messages_;
    std::vector<std::string> copy_;
    std::size_t at_ = 0;
    std::uint32_t sequence_ = 0;
};

bool send_group(int socket, MessageCycle& messages) {
    std::array<mmsghdr, at_once> headers{};
    std::array<iovec, at_once> parts{};
    for (std::size_t i = 0; i < at_once; ++i) {
        std::string& message = messages.next();
        parts[i] = {message.data(), message.size()};
        headers[i].msg_hdr.msg_iov = &parts[i];
        headers[i].msg_hdr.msg_iovlen = 1;
    }
    for (std::size_t sent = 0; sent < at_once;) {
        const int got =
            ::sendmmsg(socket, headers.data() + sent, static_cast<unsigned>(at_once - sent), 0);
        if (got < 0) return false;
        sent += static_cast<std::size_t>(got);
    }
    return true;
}

}  // namespace

Sender::Sent Sender::send_all(const ExportMessages& messages, std::uint16_t port, double rate,
                              unsigned seconds) {
    const int socket = ::socket(AF_INET, SOCK_DGRAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons(port);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) return {};
    MessageCycle cycle(messages);
    if (!messages.first.empty()) {
        // Its sequence number precedes the first of the cycle: a template is not a record.
        std::string first = messages.first;
        if (messages.format.kind == ExportKind::netflow_v9) messages.set_sequence(first, ~0U);
        if (::send(socket, first.data(), first.size(), 0) < 0) return {};
    }
    using Clock = std::chrono::steady_clock;
    const auto group = std::chrono::duration<double>(
        at_once * static_cast<double>(messages.format.records) / rate);
    const auto groups = static_cast<std::uint64_t>(seconds / group.count());
    const auto begin = Clock::now();
    for (std::uint64_t i = 0; i < groups; ++i) {
        const auto due = begin + std::chrono::duration_cast<Clock::duration>(group * i);
        const auto now = Clock::now();
        if (due - now > std::chrono::microseconds(100)) {
            const timespec wait{0, (due - now).count()};
            ::nanosleep(&wait, nullptr);
        }
        if (!send_group(socket, cycle)) return {};
    }
    return {groups * at_once * messages.format.records,
            std::chrono::duration<double>(Clock::now() - begin).count()};
}

void run_on(int processor) {
    if (processor < 0) return;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<unsigned>(processor), &set);
    static_cast<void>(::sched_setaffinity(0, sizeof set, &set));
}

Sender::Sender(const ExportMessages& messages, std::uint16_t port, double rate, unsigned seconds,
               int processor) {
    std::array<int, 2> pipe{};
    if (::pipe(pipe.data()) != 0) return;
    child_ = ::fork();
    if (child_ == 0) {
        run_on(processor);
        const Sent sent = send_all(messages, port, rate, seconds);
        const bool written = ::write(pipe[1], &sent, sizeof sent) == sizeof sent;
        ::_exit(written ? 0 : 1);
    }
    ::close(pipe[1]);
    result_ = pipe[0];
    ::fcntl(result_, F_SETFL, O_NONBLOCK);
}

Sender::~Sender() {
    if (child_ > 0) ::waitpid(child_, nullptr, 0);
    if (result_ >= 0) ::close(result_);
}

bool Sender::done() {
    if (!done_) done_ = ::read(result_, &sent_, sizeof sent_) == sizeof sent_;
    return done_;
}

}  // namespace octroi::bench
