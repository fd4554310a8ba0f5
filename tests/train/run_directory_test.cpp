#include <danaus/train/run_directory.hpp>

#include <danaus/core/error.hpp>
#include <danaus/io/atomic_file.hpp>
#include <danaus/train/signals.hpp>

#include "temporary_folder.hpp"

#include <support/catch.hpp>

#include <csignal>

using namespace danaus;
using namespace danaus::train;
namespace fs = std::filesystem;

TEST_CASE("a folder that holds something is used only as asked", "[train]") {
  test::TemporaryFolder folder;
  const auto run = folder.file("a/run");
  {
    const RunDirectory fresh(run, ExistingRun::refuse);
    CHECK_FALSE(fresh.is_resumed());
    fresh.write("config.ini", "seed = 1\n");
    CHECK(io::read_file(run / "config.ini") == "seed = 1\n");
    // In use by this object.
    CHECK_THROWS_WITH(RunDirectory(run, ExistingRun::resume), Catch::Contains("in use"));
  }
  CHECK_THROWS_WITH(RunDirectory(run, ExistingRun::refuse), Catch::Contains("--overwrite"));
  CHECK_FALSE(RunDirectory(run, ExistingRun::resume).is_resumed());
  io::write_file_atomically(run / "last.h5", "x");
  io::write_file_atomically(run / "notes.txt", "mine");
  CHECK(RunDirectory(run, ExistingRun::resume).is_resumed());
  CHECK_FALSE(RunDirectory(run, ExistingRun::overwrite).is_resumed());
  CHECK_FALSE(fs::exists(run / "last.h5"));
  CHECK_FALSE(fs::exists(run / "config.ini"));
  CHECK(fs::exists(run / "notes.txt"));
  CHECK_THROWS_WITH(RunDirectory(run, ExistingRun::resume), Catch::Contains("no run to resume"));
  CHECK_THROWS_AS(RunDirectory(run / "notes.txt", ExistingRun::overwrite), UsageError);
}

TEST_CASE("metrics are appended, and rows after the checkpoint are dropped", "[train]") {
  test::TemporaryFolder folder;
  const auto path = folder.file("metrics.csv");
  const std::vector<std::string> columns{"epoch", "step", "loss"};
  {
    MetricsLog log(path, columns, std::nullopt);
    log.row({1, 10, 0.5});
    log.row({2, 20, 1.0 / 3});
    log.row({3, 30, 1e-20});
  }
  const std::string text = io::read_file(path);
  CHECK(text == "epoch,step,loss\n1,10,0.5\n2,20,0.3333333333\n3,30,1e-20\n");
  MetricsLog(path, columns, 25).row({3, 30, 7});
  CHECK(io::read_file(path) == "epoch,step,loss\n1,10,0.5\n2,20,0.3333333333\n3,30,7\n");
  // The writer died in the middle of a row.
  io::write_file_atomically(path, "epoch,step,loss\n1,10,0.5\n2,2");
  MetricsLog(path, columns, 100).row({2, 20, 1});
  CHECK(io::read_file(path) == "epoch,step,loss\n1,10,0.5\n2,20,1\n");
  CHECK_THROWS_AS(MetricsLog(path, {"epoch", "step"}, 100), DataError);
  MetricsLog(path, columns, std::nullopt);
  CHECK(io::read_file(path) == "epoch,step,loss\n");
}

TEST_CASE("the first signal is noted, and handlers are put back", "[train]") {
  struct sigaction before, after;
  sigaction(SIGTERM, nullptr, &before);
  {
    SignalGuard guard;
    CHECK(guard.signal() == 0);
    std::raise(SIGTERM);
    CHECK(guard.signal() == SIGTERM);
    // The second one would end the process.
    struct sigaction now;
    sigaction(SIGINT, nullptr, &now);
    CHECK(now.sa_handler == SIG_DFL);
  }
  sigaction(SIGTERM, nullptr, &after);
  CHECK(after.sa_handler == before.sa_handler);
  CHECK(SignalGuard().signal() == 0);
}
