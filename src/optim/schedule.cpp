#include <danaus/optim/schedule.hpp>

#include <danaus/core/error.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <vector>

namespace danaus::optim {

namespace {

constexpr double pi = 3.14159265358979323846;

/// From 1 at x = 0 to 0 at x = 1.
double half_cosine(double x) { return 0.5 * (1 + std::cos(pi * std::clamp(x, 0.0, 1.0))); }

[[noreturn]] void reject(const std::string& text) {
  throw UsageError(
      "schedule: expected constant, step[:PERIOD[:FACTOR]], cosine[:FLOOR] or one-cycle, found '" + text +
      "'");
}

std::string format(double x) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, x).ptr};
}

}  // namespace

double Schedule::rate(double epoch) const {
  if (kind == Kind::one_cycle) {
    const double peak = 0.3 * epochs, start = base_rate / 25, end = base_rate / 250000;
    if (epoch < peak) return base_rate + (start - base_rate) * half_cosine(epoch / peak);
    return end + (base_rate - end) * half_cosine((epoch - peak) / (epochs - peak));
  }
  if (epoch < warm_up) return base_rate * std::max(epoch / warm_up, 1e-3);
  if (kind == Kind::step) return base_rate * std::pow(factor, std::floor(epoch / period));
  if (kind == Kind::cosine && epochs > warm_up)
    return base_rate * (floor + (1 - floor) * half_cosine((epoch - warm_up) / (epochs - warm_up)));
  return base_rate;
}

Schedule parse_schedule(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(':', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  const auto number = [&](size_t part, double otherwise) {
    if (part >= parts.size()) return otherwise;
    double x;
    const std::string& p = parts[part];
    const auto [end, error] = std::from_chars(p.data(), p.data() + p.size(), x);
    if (error != std::errc() || end != p.data() + p.size() || !std::isfinite(x)) reject(text);
    return x;
  };

  Schedule schedule;
  size_t most_parts = 1;
  if (parts[0] == "constant") {
    schedule.kind = Schedule::Kind::constant;
  } else if (parts[0] == "step") {
    schedule.kind = Schedule::Kind::step;
    schedule.period = number(1, 100);
    schedule.factor = number(2, 0.5);
    most_parts = 3;
    if (schedule.period <= 0 || schedule.factor <= 0 || schedule.factor > 1) reject(text);
  } else if (parts[0] == "cosine") {
    schedule.kind = Schedule::Kind::cosine;
    schedule.floor = number(1, 0);
    most_parts = 2;
    if (schedule.floor < 0 || schedule.floor > 1) reject(text);
  } else if (parts[0] == "one-cycle") {
    schedule.kind = Schedule::Kind::one_cycle;
  } else {
    reject(text);
  }
  if (parts.size() > most_parts) reject(text);
  return schedule;
}

std::string to_string(const Schedule& schedule) {
  switch (schedule.kind) {
    case Schedule::Kind::step:
      return "step:" + format(schedule.period) + ":" + format(schedule.factor);
    case Schedule::Kind::cosine:
      return "cosine:" + format(schedule.floor);
    case Schedule::Kind::one_cycle:
      return "one-cycle";
    default:
      return "constant";
  }
}

}  // namespace danaus::optim
