#include "dense_file.hpp"

#include <common/program.hpp>
#include <common/version.hpp>

#include <danaus/core/error.hpp>
#include <danaus/io/hdf5.hpp>

#include <unistd.h>

#include <algorithm>
#include <fstream>

namespace danaus::app {
namespace {

namespace fs = std::filesystem;

std::string array_to_read(const io::ArraySource& source, const std::string& wanted) {
  if (!wanted.empty()) return wanted.front() == '/' ? wanted : "/" + wanted;
  const auto names = source.names();
  if (source.contains("/matrix")) return "/matrix";
  if (names.size() == 1) return names.front();
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "" : ", ") + name;
  throw DataError(source.path().string() + ": expected the array /matrix, found " +
                  (list.empty() ? "no array of numbers" : list + "; --name chooses one"));
}

}  // namespace

DenseFile::DenseFile(const fs::path& path, const std::string& name)
    : path_(path), source_(std::make_shared<io::ArraySource>(path)) {
  name_ = array_to_read(*source_, name);
  info_ = source_->require(name_, 2, {});
  if (info_.size() == 0 || info_.type == io::ScalarType::other)
    throw DataError(path.string() + ":" + name_ + ": expected a matrix of numbers, found " +
                    io::describe(info_));
  if (source_->container() == "NumPy") npy_ = io::read_npy_header(path);
}

io::ScalarType DenseFile::type() const {
  return io::is_integer(info_.type) ? io::ScalarType::f64 : info_.type;
}

template <class T>
void DenseFile::read_rows(size_t first, size_t count, T* data) const {
  if (npy_) return io::read_npy_rows(path_, *npy_, first, count, data);
  // In parts: each is in memory twice for a moment.
  const size_t together = std::max<size_t>(1, (size_t(64) << 20) / (columns() * sizeof(T)));
  for (size_t done = 0; done < count; done += together) {
    const auto rows = source_->read_slab<T>(name_, first + done, std::min(together, count - done));
    std::copy(rows.begin(), rows.end(), data + done * columns());
  }
}

template <class T>
monarch::RowSource<T> DenseFile::source() const {
  return {rows(), columns(), [this](size_t first, size_t count, T* data) { read_rows(first, count, data); }};
}

template <class T>
HostTensor<T, 2> DenseFile::read() const {
  const HostTensor<T, 2> a(Kokkos::view_alloc(name_, Kokkos::WithoutInitializing), rows(), columns());
  read_rows(0, rows(), a.data());
  return a;
}

io::ScalarType promoted(io::ScalarType a, io::ScalarType b) {
  const auto is_double = [](io::ScalarType t) {
    return t == io::ScalarType::f64 || t == io::ScalarType::c128;
  };
  const bool wide = is_double(a) || is_double(b);
  if (io::is_complex(a) || io::is_complex(b)) return wide ? io::ScalarType::c128 : io::ScalarType::c64;
  return wide ? io::ScalarType::f64 : io::ScalarType::f32;
}

template <class T>
void write_dense(const fs::path& path, const HostTensor<T, 2>& a) {
  if (path.extension() == ".npy") return io::write_npy(path, {a.extent(0), a.extent(1)}, a.data());
  io::Hdf5Writer writer(path);
  writer.header({"danaus-matrix", 1, created_by(), command_line(), 0});
  writer.write("/matrix", a);
  writer.commit();
}

void require_free(const fs::path& out, bool overwrite) {
  if (fs::exists(out) && !overwrite)
    throw UsageError("--out " + out.string() + ": exists; --overwrite replaces it");
}

double available_memory() {
  std::ifstream file("/proc/meminfo");
  std::string name, unit;
  double kilobytes = 0;
  while (file >> name >> kilobytes) {
    if (name == "MemAvailable:") return kilobytes * 1024;
    std::getline(file, unit);
  }
  return double(::sysconf(_SC_PHYS_PAGES)) * double(::sysconf(_SC_PAGESIZE));
}

#define DANAUS_INSTANTIATE(T)                                      \
  template void DenseFile::read_rows<T>(size_t, size_t, T*) const; \
  template monarch::RowSource<T> DenseFile::source<T>() const;     \
  template HostTensor<T, 2> DenseFile::read<T>() const;            \
  template void write_dense<T>(const fs::path&, const HostTensor<T, 2>&);
DANAUS_INSTANTIATE(float)
DANAUS_INSTANTIATE(double)
DANAUS_INSTANTIATE(Complex<float>)
DANAUS_INSTANTIATE(Complex<double>)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::app
