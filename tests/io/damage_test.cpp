#include "files.hpp"

#include <danaus/core/random.hpp>

#include <hdf5.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>

using namespace danaus;
using namespace danaus::io;
using test::TemporaryFolder;

namespace {

/// Reads everything there is in a file.
void use(const test::fs::path& path) {
  const Hdf5Reader reader(path);
  for (const std::string& name : reader.all_datasets())
    if (reader.type(name) != ScalarType::other) reader.read<double>(name);
}

std::string mutated(std::string bytes, const Random& random, std::uint64_t mutation) {
  const std::uint64_t reach = mutation % 4 == 0 ? 1024 : bytes.size();
  const size_t at = random.integer(2 * mutation, reach);
  switch (random.integer(2 * mutation + 1, 3)) {
    case 0:
      bytes[at] = char(bytes[at] ^ (1 << (mutation % 8)));
      break;
    case 1:
      bytes.resize(at);
      break;
    default:
      std::fill(bytes.begin() + std::ptrdiff_t(at), bytes.end(), '\0');
  }
  return bytes;
}

}  // namespace

TEST_CASE("no mutation of a file of ours is read", "[io]") {
  TemporaryFolder folder;
  test::write_example(folder / "a.h5");
  const std::string original = read_file(folder / "a.h5");
  const auto path = folder / "mutated.h5";
  const Random random(3, stream::test);
  size_t tried = 0, refused = 0, in_head = 0;
  for (std::uint64_t mutation = 0; tried < 1000; ++mutation) {
    const std::string bytes = mutated(original, random, mutation);
    if (bytes == original) continue;  // a tail that was zero already
    ++tried;
    if (bytes.compare(0, 1024, original, 0, 1024) != 0) ++in_head;
    test::write_plainly(path, bytes);
    try {
      use(path);
      FAIL("mutation " << mutation << " was accepted");
    } catch (const DataError& error) {
      refused += std::string(error.what()).find(path.string()) == 0;
    }
  }
  CHECK(refused == tried);
  CHECK(in_head >= 250);
}

TEST_CASE("each kind of damage is named", "[io]") {
  TemporaryFolder folder;
  const auto path = folder / "a.h5";
  test::write_example(path);
  const std::string original = read_file(path);
  CHECK(file_state(path) == FileState::sealed);

  std::string bytes = original;
  bytes[700] = char(bytes[700] ^ 1);
  test::write_plainly(path, bytes);
  CHECK(file_state(path) == FileState::damaged);
  CHECK_THROWS_WITH(Hdf5Reader(path),
                    Catch::Contains(path.string()) && Catch::Contains("the digest differs"));

  test::write_plainly(path, original.substr(0, original.size() - 1));
  CHECK_THROWS_WITH(Hdf5Reader(path), Catch::Contains("truncated") && Catch::Contains("digest differs"));
  test::write_plainly(path, original + "x");
  CHECK_THROWS_WITH(Hdf5Reader(path), Catch::Contains("digest differs"));
  test::write_plainly(path, original.substr(0, 100));
  CHECK_THROWS_WITH(Hdf5Reader(path), Catch::Contains("truncated"));

  // A superblock at 512 without a block, and our created_by without any room for one.
  test::write_plainly(path, std::string(512, '\0') + original.substr(512));
  CHECK(file_state(path) == FileState::damaged);
  CHECK_THROWS_AS(Hdf5Reader(path), DataError);
  test::write_plainly(path, original.substr(512));
  CHECK(file_state(path) == FileState::foreign);
  CHECK_THROWS_WITH(Hdf5Reader(path), Catch::Contains("without its digest block"));

  test::write_plainly(path, "no HDF5 at all");
  CHECK_THROWS_WITH(Hdf5Reader(path), Catch::Contains("expected an HDF5 file"));
  CHECK_THROWS_WITH(verify(path), Catch::Contains("not a Danaus file"));
  CHECK_THROWS_AS(seal(path), DataError);
  test::write_plainly(path, "");
  CHECK_THROWS_AS(Hdf5Reader(path), DataError);
}

TEST_CASE("a deliberate edit is sealed again", "[io]") {
  TemporaryFolder folder;
  const auto path = folder / "a.h5";
  test::write_example(path);
  std::string bytes = read_file(path);
  bytes[bytes.size() - 9] = char(bytes[bytes.size() - 9] ^ 4);
  test::write_plainly(path, bytes);
  CHECK_THROWS_AS(verify(path), DataError);
  seal(path);
  CHECK_NOTHROW(verify(path));
}

TEST_CASE("a full disk is an I/O error, and the earlier file stays", "[io]") {
  TemporaryFolder folder;
  const auto path = folder / "a.h5";
  test::write_example(path);
  write_file_atomically(folder / "text", "earlier");
  const std::string original = read_file(path);
  // The limit is met at different points: creation, data, metadata while closing, user block.
  for (rlim_t limit : {100, 512, 600, 1000, 2000, 2500, 3000, 100000, 300000, 399000}) {
    const pid_t child = ::fork();
    if (child == 0) {
      ::signal(SIGXFSZ, SIG_IGN);
      const rlimit bound{limit, limit};
      ::setrlimit(RLIMIT_FSIZE, &bound);
      int code = 0;
      try {
        Hdf5Writer writer(path);
        writer.header(test::example_header());
        writer.write("/u", {100000}, test::count_up<float>(100000));
        writer.write("/v", {3}, test::count_up<float>(3));
        writer.commit();
      } catch (const IoError& error) {
        code = std::string(error.what()).find("File too large") != std::string::npos ? int(error.code()) : 2;
      }
      try {
        write_file_atomically(folder / "text", std::string(400000, 'x'));
        code = 1;
      } catch (const IoError& error) {
        if (std::string(error.what()).find("File too large") == std::string::npos) code = 3;
      }
      ::_exit(code);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    INFO("limit " << limit);
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 74);
    CHECK(read_file(path) == original);
    CHECK(read_file(folder / "text") == "earlier");
    CHECK(folder.entries() == 2);
  }
}

TEST_CASE("HDF5 survives a disk that fills up again and again", "[io]") {
  TemporaryFolder folder;
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    int refused = 0;
    for (rlim_t limit : {399000, 100000, 3000, 2000, 600, 100}) {
      const rlimit bound{limit, RLIM_INFINITY};
      ::setrlimit(RLIMIT_FSIZE, &bound);
      try {
        Hdf5Writer writer(folder / "a.h5");
        for (int i = 0; i < 40; ++i)
          writer.write("/group/" + std::to_string(i), {2500}, test::count_up<float>(2500));
        writer.commit();
      } catch (const IoError&) {
        ++refused;
      }
    }
    const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
    ::setrlimit(RLIMIT_FSIZE, &none);
    test::write_example(folder / "a.h5");
    // What a program does as it ends; HDF5 used to crash here over files that it could not close.
    ::_exit(H5close() < 0 ? 1 : refused);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 6);
  CHECK_NOTHROW(use(folder / "a.h5"));
}

TEST_CASE("a writer killed at any time leaves the earlier file or the later one", "[io]") {
  TemporaryFolder folder;
  const auto path = folder / "a.h5";
  test::write_example(path);
  for (int attempt = 0; attempt < 20; ++attempt) {
    const pid_t child = ::fork();
    if (child == 0)
      for (double first = 1;; ++first) test::write_example(path, first);
    ::usleep(useconds_t(500 + 1700 * attempt));
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFSIGNALED(status));
    const Hdf5Reader reader(path);
    const auto u = reader.read<float>("/u");
    REQUIRE(u == test::count_up<float>(24, u[0]));
  }
}

TEST_CASE("where nothing can be written, the path and the reason are named", "[io]") {
  TemporaryFolder folder;
  const auto target = folder / "absent/a";
  CHECK_THROWS_WITH(write_file_atomically(target, "x"), target.string() + ": there is no folder " +
                                                            target.parent_path().string() +
                                                            "; create it, or write elsewhere");
  test::fs::create_directory(folder / "folder");
  CHECK_THROWS_AS(write_file_atomically(folder / "folder", "x"), IoError);
  CHECK_THROWS_AS(Hdf5Writer(folder / "absent/a.h5"), IoError);
  CHECK_THROWS_AS(Hdf5Reader(folder / "folder"), MissingInputError);
}

TEST_CASE("a symbolic link is written through and old temporaries are removed", "[io]") {
  TemporaryFolder folder;
  test::write_plainly(folder / "real", "earlier");
  test::fs::create_symlink("real", folder / "link");
  write_file_atomically(folder / "link", std::string("a\0b", 3));
  CHECK(test::fs::is_symlink(folder / "link"));
  CHECK(read_file(folder / "real") == std::string("a\0b", 3));

  const pid_t gone = ::fork();
  if (gone == 0) ::_exit(0);
  ::waitpid(gone, nullptr, 0);
  const auto old = folder / (".real." + std::to_string(gone) + ".0.tmp");
  const auto recent = folder / (".real." + std::to_string(gone) + ".1.tmp");
  test::write_plainly(old, "x");
  test::write_plainly(recent, "x");
  test::fs::last_write_time(old, test::fs::file_time_type::clock::now() - std::chrono::hours(2));
  write_file_atomically(folder / "real", "later");
  CHECK_FALSE(test::fs::exists(old));
  CHECK(test::fs::exists(recent));
}
