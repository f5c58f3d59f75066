// SPDX-License-Identifier: GPL-3.0-or-later
#include "host/reverse_dns.hpp"

#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace octroi {
namespace {

constexpr std::size_t threads_max = 16;

// What the threads share. They may outlive the call: a resolver cannot be interrupted.
struct Work {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<Address> waiting;
    std::map<Address, std::string> answered;
    std::size_t open = 0;  // asked or waiting
    bool is_over = false;
    ReverseDns::Resolver resolver;
};

bool is_host_name(std::string_view name) {
    return !name.empty() && name.size() <= 253 && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_' || c == '.';
    });
}

std::string system_name(const Address& address) {
    sockaddr_storage storage{};
    socklen_t size = 0;
    if (address.family == Family::v6) {
        auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
        v6->sin6_family = AF_INET6;
        std::memcpy(&v6->sin6_addr, address.octets.data(), sizeof v6->sin6_addr);
        size = sizeof(sockaddr_in6);
    } else {
        auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
        v4->sin_family = AF_INET;
        std::memcpy(&v4->sin_addr, address.octets.data(), sizeof v4->sin_addr);
        size = sizeof(sockaddr_in);
    }
    std::array<char, NI_MAXHOST> name{};
    const int code = ::getnameinfo(reinterpret_cast<const sockaddr*>(&storage), size, name.data(),
                                   name.size(), nullptr, 0, NI_NAMEREQD);
    return code == 0 ? name.data() : "";
}

void answer(const std::shared_ptr<Work>& work) {
    std::unique_lock lock(work->mutex);
    while (!work->waiting.empty() && !work->is_over) {
        const Address address = work->waiting.back();
        work->waiting.pop_back();
        lock.unlock();
        std::string name = work->resolver(address);
        lock.lock();
        work->answered[address] = is_host_name(name) ? std::move(name) : std::string();
        --work->open;
        work->changed.notify_all();
    }
}

}  // namespace

void ReverseDns::look_up(std::span<const Address> addresses) {
    const auto work = std::make_shared<Work>();
    work->resolver = resolver_ ? resolver_ : Resolver(system_name);
    for (const Address& address : addresses)
        if (!address.empty() && !names_.contains(address) && work->waiting.size() < addresses_max)
            work->waiting.push_back(address);
    std::ranges::sort(work->waiting);
    const auto twice = std::ranges::unique(work->waiting);
    work->waiting.erase(twice.begin(), twice.end());
    work->open = work->waiting.size();
    const std::size_t threads = std::min(work->open, threads_max);
    for (std::size_t i = 0; i < threads; ++i) std::thread(answer, work).detach();
    std::unique_lock lock(work->mutex);
    work->changed.wait_for(lock, std::chrono::nanoseconds(deadline_.ns),
                           [&] { return work->open == 0; });
    work->is_over = true;
    names_.merge(work->answered);
}

const std::string& ReverseDns::name_of(const Address& address) const {
    static const std::string none;
    const auto found = names_.find(address);
    return found == names_.end() ? none : found->second;
}

}  // namespace octroi
