#include <danaus/core/error.hpp>
#include <danaus/core/progress.hpp>

#include <support/catch.hpp>

#include <cstdlib>

using namespace danaus;

namespace {

/// What a function prints to a file that is no terminal.
template <class Function>
std::string printed(const Function& function) {
  std::FILE* file = std::tmpfile();
  function(file);
  std::string text(size_t(std::ftell(file)), '\0');
  std::rewind(file);
  const size_t read = std::fread(text.data(), 1, text.size(), file);
  std::fclose(file);
  return text.substr(0, read);
}

}  // namespace

TEST_CASE("durations are short", "[core]") {
  CHECK(format_duration(0.42) == "0.4s");
  CHECK(format_duration(8.2) == "8.2s");
  CHECK(format_duration(9.96) == "10s");
  CHECK(format_duration(828) == "13m48s");
  CHECK(format_duration(3599.7) == "1h00m");
  CHECK(format_duration(18120) == "5h02m");
  CHECK(format_duration(3 * 86400 + 4 * 3600) == "3d04h");
  CHECK(format_duration(-1) == "?");
}

TEST_CASE("automatic progress is a bar on terminals that nobody launched", "[core]") {
  ::setenv("TERM", "xterm", 1);
  CHECK(resolve(ProgressMode::automatic, true) == ProgressMode::bar);
  CHECK(resolve(ProgressMode::automatic, false) == ProgressMode::plain);
  CHECK(resolve(ProgressMode::none, true) == ProgressMode::none);
  ::setenv("OMPI_COMM_WORLD_RANK", "0", 1);
  CHECK(resolve(ProgressMode::automatic, true) == ProgressMode::plain);
  CHECK(resolve(ProgressMode::bar, true) == ProgressMode::bar);
  ::unsetenv("OMPI_COMM_WORLD_RANK");
  CHECK(parse_progress_mode("auto") == ProgressMode::automatic);
  CHECK_THROWS_AS(parse_progress_mode("loud"), UsageError);
}

TEST_CASE("a bar is redrawn, a line stays, none is silent", "[core]") {
  const auto use = [](ProgressMode mode) {
    return printed([mode](std::FILE* file) {
      Progress progress(mode, "generate", 10, "samples", 0, file);
      progress.update(5);
      progress.line("row");
      progress.update(10, "done");
    });
  };
  CHECK(use(ProgressMode::none).empty());
  const auto bar = use(ProgressMode::bar);
  CHECK(bar.find("row\n") != std::string::npos);
  CHECK(bar.find("generate [########################] 100%  10/10 samples") != std::string::npos);
  CHECK(bar.ends_with("\r\033[K"));
  CHECK(bar.find("\033[36m") == std::string::npos);  // no terminal, no colour
  const auto plain = use(ProgressMode::plain);
  CHECK(plain.starts_with("row\ngenerate  10/10 samples"));
  CHECK(plain.find('\r') == std::string::npos);
}

TEST_CASE("the time left comes from what this run did", "[core]") {
  Progress progress(ProgressMode::none, "train", 100, "epochs", 90);
  CHECK(progress.seconds_left() < 0);
  progress.update(95);
  // Five done, five to go: as long again as it took.
  const double left = progress.seconds_left();
  CHECK(left >= 0);
  CHECK(left < 1);
}
