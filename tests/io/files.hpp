#pragma once

#include <danaus/core/error.hpp>
#include <danaus/io/atomic_file.hpp>
#include <danaus/io/hdf5.hpp>

#include <support/catch.hpp>

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <string>

namespace danaus::test {

namespace fs = std::filesystem;

/// A folder that is removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    // In memory where there is such a place: every file is flushed, which takes long on a disk.
    const fs::path parent = fs::is_directory("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path();
    std::string pattern = (parent / "danaus-io-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) throw IoError("cannot create " + pattern);
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  fs::path operator/(const std::string& name) const { return path_ / name; }
  size_t entries() const {
    return size_t(std::distance(fs::directory_iterator(path_), fs::directory_iterator()));
  }

 private:
  fs::path path_;
};

inline void write_plainly(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), std::streamsize(bytes.size()));
}

/// first, first + 1, ...
template <class T>
std::vector<T> count_up(size_t size, double first = 1) {
  std::vector<T> values(size);
  for (size_t i = 0; i < size; ++i) values[i] = T(first + double(i));
  return values;
}

inline io::FileHeader example_header() {
  return {"danaus-test", 1, "danaus 0.0.0 (test)", "danaus-pde test", 7};
}

/// /u (4, 3, 2) f32, /group/t (5) f64, a few attributes.
inline void write_example(const fs::path& path, double first = 1) {
  io::Hdf5Writer writer(path);
  writer.header(example_header());
  writer.write("/u", {4, 3, 2}, count_up<float>(24, first));
  writer.write("/group/t", {5}, count_up<double>(5, first));
  writer.attribute("/u", "units", std::string("1/s"));
  writer.commit();
}

}  // namespace danaus::test
