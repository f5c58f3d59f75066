// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Simulated exporters for tests: they make messages of each protocol and know the content.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <ctime>
#include <string>

#include "base/byte_cursor.hpp"
#include "host/socket_address.hpp"

namespace octroi::support {

struct Truth {
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;
    std::uint64_t records = 0;
    std::uint64_t datagrams = 0;
};

enum class Export { netflow_v5, netflow_v9, ipfix, sflow };

// One exporter with its own address in 127.0.0.0/8. It sends templates once, in its first message.
class TestExporter {
public:
    TestExporter(Export kind, std::uint32_t own_address, std::uint16_t port)
        : kind_(kind), address_(own_address) {
        socket_ = Fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        const SocketAddress own = socket_address(Address::v4(own_address), 0);
        const SocketAddress collector = socket_address(Address::v4(INADDR_LOOPBACK), port);
        good_ = ::bind(socket_.get(), own.get(), own.length) == 0 &&
                ::connect(socket_.get(), collector.get(), collector.length) == 0;
    }
    [[nodiscard]] bool good() const { return good_; }
    [[nodiscard]] const Truth& truth() const { return truth_; }

    // Sends one message with that number of records. False: it was not sent.
    bool send(unsigned records) {
        const std::string octets = message(records);
        if (::send(socket_.get(), octets.data(), octets.size(), 0) !=
            static_cast<ssize_t>(octets.size()))
            return false;
        truth_.bytes += pending_.bytes;
        truth_.packets += pending_.packets;
        truth_.records += records;
        ++truth_.datagrams;
        return true;
    }

    // The next message. It counts as sent after send() has sent it.
    std::string message(unsigned records) {
        pending_ = {};
        switch (kind_) {
            case Export::netflow_v5:
                return netflow_v5(records);
            case Export::netflow_v9:
                return netflow_v9(records);
            case Export::ipfix:
                return ipfix(records);
            case Export::sflow:
                return sflow(records);
        }
        return {};
    }

private:
    static constexpr std::uint16_t template_id = 260;
    static constexpr std::array<std::array<std::uint16_t, 2>, 9> fields = {
        {{8, 4}, {12, 4}, {7, 2}, {11, 2}, {4, 1}, {1, 4}, {2, 4}, {22, 4}, {21, 4}}};
    static constexpr std::array<std::array<std::uint16_t, 2>, 9> ipfix_fields = {
        {{8, 4}, {12, 4}, {7, 2}, {11, 2}, {4, 1}, {1, 8}, {2, 8}, {152, 8}, {153, 8}}};

    struct Flow {
        std::uint32_t src = 0;
        std::uint32_t dst = 0;
        std::uint16_t sport = 0;
        std::uint32_t bytes = 0;
        std::uint32_t packets = 0;
    };
    Flow next_flow() {
        const std::uint64_t n = ++flows_ * 0x9e3779b97f4a7c15U;
        Flow flow{0x0a000000U | static_cast<std::uint32_t>(n >> 52U),
                  0xc6336400U | static_cast<std::uint32_t>((n >> 40U) & 0xffU),
                  static_cast<std::uint16_t>(1024 + ((n >> 20U) & 0x3fffU)),
                  static_cast<std::uint32_t>(40 + (n & 0xffffU)),
                  static_cast<std::uint32_t>(1 + (n & 0xfU))};
        pending_.bytes += flow.bytes;
        pending_.packets += flow.packets;
        return flow;
    }
    static timespec now() {
        timespec t{};
        ::clock_gettime(CLOCK_REALTIME, &t);
        return t;
    }
    std::string netflow_v5(unsigned records) {
        const timespec t = now();
        ByteWriter out;
        out.be16(5);
        out.be16(static_cast<std::uint16_t>(records));
        out.be32(uptime_ms);
        out.be32(static_cast<std::uint32_t>(t.tv_sec));
        out.be32(static_cast<std::uint32_t>(t.tv_nsec));
        out.be32(sequence_);
        out.be32(0);
        for (unsigned i = 0; i < records; ++i) {
            const Flow flow = next_flow();
            out.be32(flow.src);
            out.be32(flow.dst);
            out.be32(0);
            out.be32(0x00010002);
            out.be32(flow.packets);
            out.be32(flow.bytes);
            out.be32(uptime_ms - 1000);
            out.be32(uptime_ms - 10);
            out.be16(flow.sport);
            out.be16(443);
            out.be32(0x00180600);
            out.be32(0);
            out.be32(0);
        }
        sequence_ += records;
        return out.drain();
    }
    template <typename Fields>
    static void add_template(ByteWriter& out, std::uint16_t set, const Fields& of) {
        out.be16(set);
        out.be16(static_cast<std::uint16_t>(8 + 4 * of.size()));
        out.be16(template_id);
        out.be16(static_cast<std::uint16_t>(of.size()));
        for (const auto& field : of) {
            out.be16(field[0]);
            out.be16(field[1]);
        }
    }
    std::string netflow_v9(unsigned records) {
        ByteWriter out;
        out.be16(9);
        out.be16(static_cast<std::uint16_t>(records + (started_ ? 0 : 1)));
        out.be32(uptime_ms);
        out.be32(static_cast<std::uint32_t>(now().tv_sec));
        out.be32(sequence_++);
        out.be32(7);
        if (!started_) add_template(out, 0, fields);
        started_ = true;
        out.be16(template_id);
        const unsigned octets = 4 + 29 * records;
        const unsigned padding = (4 - octets % 4) % 4;
        out.be16(static_cast<std::uint16_t>(octets + padding));
        for (unsigned i = 0; i < records; ++i) {
            add_ends(out);
            out.be32(last_.bytes);
            out.be32(last_.packets);
            out.be32(uptime_ms - 1000);
            out.be32(uptime_ms - 10);
        }
        for (unsigned i = 0; i < padding; ++i) out.u8(0);
        return out.drain();
    }
    std::string ipfix(unsigned records) {
        const timespec t = now();
        ByteWriter body;
        if (!started_) add_template(body, 2, ipfix_fields);
        started_ = true;
        body.be16(template_id);
        body.be16(static_cast<std::uint16_t>(4 + 45 * records));
        const auto ms = static_cast<std::uint64_t>(t.tv_sec) * 1000;
        for (unsigned i = 0; i < records; ++i) {
            add_ends(body);
            body.be64(last_.bytes);
            body.be64(last_.packets);
            body.be64(ms - 1000);
            body.be64(ms);
        }
        ByteWriter out;
        out.be16(10);
        out.be16(static_cast<std::uint16_t>(16 + body.octets().size()));
        out.be32(static_cast<std::uint32_t>(t.tv_sec));
        out.be32(sequence_);
        out.be32(9);
        out.raw(body.octets());
        sequence_ += records;
        return out.drain();
    }
    void add_ends(ByteWriter& out) {
        last_ = next_flow();
        out.be32(last_.src);
        out.be32(last_.dst);
        out.be16(last_.sport);
        out.be16(443);
        out.u8(6);
    }
    // Flow samples with a raw header of an IPv4 packet, sampled 1 in 1.
    std::string sflow(unsigned records) {
        ByteWriter out;
        out.be32(5);
        out.be32(1);
        out.be32(address_);
        out.be32(0);
        out.be32(++sequence_);
        out.be32(uptime_ms);
        out.be32(records);
        for (unsigned i = 0; i < records; ++i) {
            const Flow flow = next_flow();
            const auto length = static_cast<std::uint16_t>(40 + flow.bytes % 1400);
            pending_.bytes = pending_.bytes - flow.bytes + length;
            pending_.packets = pending_.packets - flow.packets + 1;
            ByteWriter sample;
            sample.be32(++samples_);
            sample.be32(3);
            sample.be32(1);
            sample.be32(samples_);
            sample.be32(0);
            sample.be32(3);
            sample.be32(4);
            sample.be32(1);
            sample.be32(1);  // a raw packet header
            sample.be32(16 + 54 + 2);
            sample.be32(1);  // Ethernet
            sample.be32(length + 18U);
            sample.be32(4);
            sample.be32(54);
            for (int octet = 0; octet < 12; ++octet) sample.u8(2);
            sample.be16(0x0800);
            sample.be16(0x4500);
            sample.be16(length);
            sample.be32(0);
            sample.be32(0x40060000);
            sample.be32(flow.src);
            sample.be32(flow.dst);
            sample.be16(flow.sport);
            sample.be16(443);
            for (int octet = 0; octet < 16; ++octet) sample.u8(0);
            sample.be16(0);  // padding to a multiple of 4
            out.be32(1);
            out.be32(static_cast<std::uint32_t>(sample.octets().size()));
            out.raw(sample.octets());
        }
        return out.drain();
    }

    static constexpr std::uint32_t uptime_ms = 100'000'000;

    Export kind_;
    std::uint32_t address_;
    Fd socket_;
    bool good_ = false;
    bool started_ = false;
    std::uint32_t sequence_ = 0;
    std::uint32_t samples_ = 0;
    std::uint64_t flows_ = 0;
    Flow last_;
    Truth pending_;
    Truth truth_;
};

}  // namespace octroi::support
