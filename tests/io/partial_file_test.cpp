#include "files.hpp"

#include <danaus/io/finite.hpp>
#include <danaus/io/partial_file.hpp>

#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>
#include <limits>

using namespace danaus;
using namespace danaus::io;
using test::TemporaryFolder;

namespace {

constexpr size_t samples = 40, cells = 600;

std::vector<float> field(size_t sample) { return test::count_up<float>(cells, 1000.0 * double(sample)); }

void describe(Hdf5Writer& writer) {
  writer.header(test::example_header());
  writer.write("/t", {3}, test::count_up<double>(3));
}

std::unique_ptr<PartialFile> open(const test::fs::path& path, const std::string& options = "nu=1e-3") {
  const std::vector<PartialArray> arrays{{"/a", ScalarType::f32, {cells}}, {"/u", ScalarType::f64, {2}}};
  return std::make_unique<PartialFile>(path, options, samples, arrays, describe);
}

void fill(PartialFile& file, size_t until = samples) {
  for (size_t sample = file.samples_done(); sample < until; ++sample) {
    file.write_rows("/u", sample, 1, test::count_up<double>(2, double(sample)).data());
    file.write_rows("/a", sample, 1, field(sample).data());
    file.complete(sample + 1);
  }
}

void check_complete(const test::fs::path& path) {
  const Hdf5Reader reader(path);
  CHECK(reader.is_sealed());
  for (size_t sample = 0; sample < samples; ++sample)
    REQUIRE(reader.read_slab<float>("/a", sample, 1) == field(sample));
  CHECK(reader.read_slab<double>("/u", 39, 1) == std::vector<double>{39, 40});
  CHECK(reader.read<double>("/t") == test::count_up<double>(3));
  CHECK(reader.attribute<std::string>("/", "command") == "danaus-pde test");
}

}  // namespace

TEST_CASE("a partial file is continued where it stopped and gives the same bytes", "[io]") {
  TemporaryFolder folder;
  {
    const auto file = open(folder / "whole.h5");
    fill(*file);
    file->finish();
  }
  for (size_t stop : {size_t(0), size_t(1), size_t(17), samples}) {
    {
      const auto file = open(folder / "a.h5");
      CHECK(file->samples_done() == 0);
      fill(*file, stop);
      // Written but not completed: to be computed again.
      if (stop < samples) file->write_rows("/a", stop, 1, std::vector<float>(cells, -1).data());
    }
    CHECK_THROWS_WITH(Hdf5Reader(folder / "a.h5.partial"), Catch::Contains("an unfinished generation"));
    const auto file = open(folder / "a.h5");
    CHECK(file->samples_done() == stop);
    fill(*file);
    file->finish();
    CHECK(read_file(folder / "a.h5") == read_file(folder / "whole.h5"));
    CHECK_FALSE(test::fs::exists(folder / "a.h5.partial"));
    test::fs::remove(folder / "a.h5");
  }
  check_complete(folder / "whole.h5");
}

TEST_CASE("a generation that is killed again and again ends with every sample right", "[io]") {
  TemporaryFolder folder;
  const auto path = folder / "a.h5";
  int kills = 0;
  for (int attempt = 0; !test::fs::exists(path); ++attempt) {
    REQUIRE(attempt < 400);
    const pid_t child = ::fork();
    if (child == 0) {
      const auto file = open(path);
      for (size_t sample = file->samples_done(); sample < samples; ++sample) {
        fill(*file, sample + 1);
        ::usleep(200);  // so that a fast disk does not finish before the first kill
      }
      file->finish();
      ::_exit(0);
    }
    ::usleep(useconds_t(300 + 100 * attempt));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    kills += WIFSIGNALED(status);
    if (!test::fs::exists(path) && test::fs::exists(folder / "a.h5.partial")) CHECK_NOTHROW(open(path));
  }
  CHECK(kills >= 5);
  check_complete(path);
}

TEST_CASE("a partial file that was sealed but not renamed is only renamed", "[io]") {
  TemporaryFolder folder;
  {
    const auto file = open(folder / "a.h5");
    fill(*file);
    file->finish();
  }
  test::fs::rename(folder / "a.h5", folder / "a.h5.partial");
  const auto file = open(folder / "a.h5");
  CHECK(file->samples_done() == samples);
  file->finish();
  check_complete(folder / "a.h5");
}

TEST_CASE("a partial file of other options, damaged or in use is refused", "[io]") {
  TemporaryFolder folder;
  const auto path = folder / "a.h5";
  {
    const auto file = open(path);
    fill(*file, 10);
    CHECK_THROWS_WITH(open(path), Catch::Contains("another process is writing it"));
    CHECK_THROWS_AS(file->finish(), InternalError);
    CHECK_THROWS_AS(file->complete(11), InternalError);
    CHECK_THROWS_AS(file->write_rows("/a", 39, 2, field(0).data()), ShapeError);
    CHECK_THROWS_AS(file->write_rows("/u", 10, 1, field(0).data()), InternalError);
    CHECK_THROWS_AS(file->write_rows("/a", 9, 1, field(0).data()), InternalError);
  }
  CHECK_THROWS_AS(open(path, "nu=1e-4"), UsageError);
  CHECK_THROWS_WITH(open(path, "nu=1e-4"), Catch::Contains("danaus-pde test"));

  const auto partial = folder / "a.h5.partial";
  const std::string original = read_file(partial);
  const std::vector<float> third = field(3);
  const size_t row = original.find(std::string(reinterpret_cast<const char*>(third.data()), 40));
  REQUIRE(row != std::string::npos);
  for (size_t at : {size_t(8), size_t(20), size_t(40), row + 5}) {
    std::string bytes = original;
    bytes[at] = char(bytes[at] ^ 16);
    test::write_plainly(partial, bytes);
    CHECK_THROWS_AS(open(path), DataError);
  }
  test::write_plainly(partial, original.substr(0, 3000));
  CHECK_THROWS_AS(open(path), DataError);
  test::write_plainly(partial, original);
  CHECK(open(path)->samples_done() == 10);
}

TEST_CASE("a disk that fills up during a generation can be emptied and the generation resumed", "[io]") {
  TemporaryFolder folder;
  const auto path = folder / "a.h5";
  fill(*open(path), 3);
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit bound{60000, 60000};
    ::setrlimit(RLIMIT_FSIZE, &bound);
    try {
      fill(*open(path));
    } catch (const IoError& error) {
      ::_exit(int(error.code()));
    }
    ::_exit(1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK(WEXITSTATUS(status) == 74);
  const auto file = open(path);
  CHECK(file->samples_done() >= 3);
  CHECK(file->samples_done() < samples);
  fill(*file);
  file->finish();
  check_complete(path);
}

TEST_CASE("values that are not finite are found wherever they are", "[io]") {
  TemporaryFolder folder;
  auto u = test::count_up<float>(24);
  u[17] = std::numeric_limits<float>::quiet_NaN();
  std::vector<Complex<float>> z(3, Complex<float>(1, 2));
  {
    Hdf5Writer writer(folder / "a.h5");
    writer.write("/u", {4, 3, 2}, u);
    writer.write("/z", {3}, z);
    writer.write("/k", {2}, std::vector<std::int64_t>{1, 2});
    z[1] = Complex<float>(0, std::numeric_limits<float>::infinity());
    writer.write("/bad", {3}, z);
    writer.write("/one", {}, std::vector<double>{std::numeric_limits<double>::infinity()});
    writer.commit();
  }
  const Hdf5Reader reader(folder / "a.h5");
  CHECK(first_not_finite(reader, "/u") == Extents{2, 2, 1});
  CHECK(first_not_finite(reader, "/bad") == Extents{1});
  CHECK(first_not_finite(reader, "/one") == Extents{});
  CHECK_FALSE(first_not_finite(reader, "/z"));
  CHECK_FALSE(first_not_finite(reader, "/k"));
  CHECK_THROWS_WITH(require_finite(reader, "/u"),
                    Catch::Contains("/u: expected finite values") && Catch::Contains("(2, 2, 1)"));
  CHECK_THROWS_AS(require_all_finite(reader), DataError);
}
