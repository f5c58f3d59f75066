// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Load balancers and web servers with formats of their own.

#include <memory>

#include "wire/log/line_reader.hpp"

namespace octroi::logline {

// HAProxy, `option httplog` and `option tcplog`, through syslog or from a ring. HAProxy states the
// octets to the client only. With `option logasap` the line comes before the end of the answer: its
// octets ("+212") are those so far.
[[nodiscard]] std::unique_ptr<LineReader> open_haproxy();

// W3C extended format with a line #Fields: IIS (blanks between fields, times in UTC) and
// CloudFront (tabs). Keeps the names of the fields.
[[nodiscard]] std::unique_ptr<LineReader> open_w3c();

// Server access logs of Amazon S3. The domain is the bucket, the user the requester.
[[nodiscard]] std::unique_ptr<LineReader> open_s3();

// Classic Load Balancer and Application Load Balancer of AWS.
[[nodiscard]] std::unique_ptr<LineReader> open_elb();

}  // namespace octroi::logline
