// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The names of ports in /etc/services (services(5)).

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace octroi::accounting {

class ServiceNames {
public:
    ServiceNames() = default;
    // text: of the file. Lines of another form are left out.
    explicit ServiceNames(std::string_view text);

    // protocol: "tcp", "udp". nullopt: there is no such name.
    [[nodiscard]] std::optional<std::uint16_t> port(std::string_view name,
                                                    std::string_view protocol) const;

private:
    std::map<std::string, std::uint16_t, std::less<>> ports_;  // by "name/protocol"
};

}  // namespace octroi::accounting
