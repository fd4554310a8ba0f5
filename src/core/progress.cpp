#include <danaus/core/progress.hpp>

#include <danaus/core/error.hpp>

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace danaus {

namespace {

constexpr double seconds_between_bars = 0.1, seconds_between_lines = 10;
constexpr int bar_width = 24;

template <class... Args>
std::string format(const char* pattern, Args... args) {
  char text[160];
  std::snprintf(text, sizeof text, pattern, args...);
  return text;
}

}  // namespace

ProgressMode parse_progress_mode(const std::string& text) {
  if (text == "auto") return ProgressMode::automatic;
  if (text == "bar") return ProgressMode::bar;
  if (text == "plain") return ProgressMode::plain;
  if (text == "none") return ProgressMode::none;
  throw UsageError("progress: expected auto, bar, plain or none, found '" + text + "'");
}

ProgressMode resolve(ProgressMode mode, bool is_terminal) {
  if (mode != ProgressMode::automatic) return mode;
  for (const char* variable : {"OMPI_COMM_WORLD_RANK", "PMI_RANK", "PMIX_RANK", "MPI_LOCALRANKID",
                               "MV2_COMM_WORLD_RANK", "SLURM_PROCID", "PALS_RANKID"})
    if (std::getenv(variable)) return ProgressMode::plain;
  const char* terminal = std::getenv("TERM");
  const bool can_redraw = is_terminal && !(terminal && std::string(terminal) == "dumb");
  return can_redraw ? ProgressMode::bar : ProgressMode::plain;
}

std::string format_duration(double seconds) {
  if (!(seconds >= 0)) return "?";
  if (seconds < 9.95) return format("%.1fs", seconds);
  const long long s = std::llround(std::min(seconds, 1e15));
  if (s < 60) return format("%llds", s);
  if (s < 3600) return format("%lldm%02llds", s / 60, s % 60);
  if (s < 86400) return format("%lldh%02lldm", s / 3600, s / 60 % 60);
  return format("%lldd%02lldh", s / 86400, s / 3600 % 24);
}

Progress::Progress(ProgressMode mode, std::string label, double total, std::string unit, double done,
                   std::FILE* out)
    : mode_(resolve(mode, isatty(fileno(out)))),
      colour_(isatty(fileno(out)) && !std::getenv("NO_COLOR")),
      label_(std::move(label)),
      unit_(std::move(unit)),
      total_(total),
      first_(done),
      done_(done),
      out_(out) {}

Progress::~Progress() { finish(); }

double Progress::seconds_left() const {
  const double progressed = done_ - first_;
  return progressed > 0 ? timer_.seconds() / progressed * std::max(0.0, total_ - done_) : -1;
}

std::string Progress::status(const std::string& detail) const {
  const double rate = (done_ - first_) / std::max(timer_.seconds(), 1e-9);
  std::string text = format("%g/%g ", std::floor(done_), total_) + unit_;
  // Below one per second the time of one says more.
  if (rate > 0) text += rate >= 1 ? format("  %.3g/s", rate) : format("  %.3gs each", 1 / rate);
  if (seconds_left() >= 0) text += "  eta " + format_duration(seconds_left());
  return detail.empty() ? text : text + "  " + detail;
}

void Progress::update(double done, const std::string& detail) {
  done_ = done;
  if (mode_ == ProgressMode::none) return;
  const double now = timer_.seconds();
  const double wait = mode_ == ProgressMode::bar ? seconds_between_bars : seconds_between_lines;
  if (now - last_shown_ < wait && done < total_) return;
  last_shown_ = now;
  if (mode_ == ProgressMode::plain) return line(label_ + "  " + status(detail));

  const double share = std::clamp(done / total_, 0.0, 1.0);
  const int filled = int(share * bar_width);
  const std::string bar = std::string(size_t(filled), '#') + std::string(size_t(bar_width - filled), '.');
  std::fprintf(out_, "\r\033[K%s [%s%s%s] %3.0f%%  %s", label_.c_str(), colour_ ? "\033[36m" : "",
               bar.c_str(), colour_ ? "\033[0m" : "", 100 * share, status(detail).c_str());
  std::fflush(out_);
  bar_visible_ = true;
}

void Progress::line(const std::string& text) {
  if (mode_ == ProgressMode::none) return;
  finish();
  std::fprintf(out_, "%s\n", text.c_str());
  std::fflush(out_);
}

void Progress::finish() {
  if (!bar_visible_) return;
  std::fputs("\r\033[K", out_);
  std::fflush(out_);
  bar_visible_ = false;
}

}  // namespace danaus
