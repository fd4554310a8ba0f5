#include <danaus/train/unroll_schedule.hpp>

#include <danaus/core/error.hpp>

#include <charconv>
#include <cmath>

namespace danaus::train {

namespace {

template <class Number>
bool parse(const std::string& text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

UnrollSchedule::UnrollSchedule(const std::string& text) {
  const auto reject = [&](const std::string& why) {
    throw UsageError("unroll: expected STEPS:SHARE[,STEPS:SHARE...] such as 1:0.5,2:0.25,full:0.25, found '" +
                     text + "' (" + why + ")");
  };
  double total = 0;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    const std::string part = text.substr(begin, end - begin);
    begin = end + 1;
    const size_t colon = part.find(':');
    if (colon == std::string::npos) reject("'" + part + "' has no share");
    const std::string steps = part.substr(0, colon);
    Phase phase{0, 0};
    if (steps != "full" && (!parse(steps, phase.steps) || phase.steps == 0)) reject("'" + steps + "' steps");
    if (!parse(part.substr(colon + 1), phase.share) || !(phase.share > 0) || phase.share > 1)
      reject("share '" + part.substr(colon + 1) + "'");
    total += phase.share;
    phases_.push_back(phase);
  }
  if (std::abs(total - 1) > 1e-6) reject("the shares add up to " + std::to_string(total));
}

std::string UnrollSchedule::to_string() const {
  std::string text;
  for (const Phase& phase : phases_) {
    char share[32];
    *std::to_chars(share, share + sizeof share - 1, phase.share).ptr = 0;
    text += (text.empty() ? "" : ",") + (phase.steps ? std::to_string(phase.steps) : "full") + ":" + share;
  }
  return text;
}

void UnrollSchedule::require_at_most(size_t full) const {
  for (const Phase& phase : phases_)
    if (phase.steps > full)
      throw UsageError("unroll: " + std::to_string(phase.steps) + " steps, but a trajectory has " +
                       std::to_string(full) + " after its history");
}

size_t UnrollSchedule::phase_of(size_t epoch, size_t epochs) const {
  double share = 0;
  for (size_t i = 0; i + 1 < phases_.size(); ++i) {
    share += phases_[i].share;
    if (double(epoch) < std::round(share * double(epochs))) return i;
  }
  return phases_.size() - 1;
}

size_t UnrollSchedule::steps_at(size_t epoch, size_t epochs, size_t full) const {
  const size_t steps = phases_[phase_of(epoch, epochs)].steps;
  return steps ? steps : full;
}

}  // namespace danaus::train
