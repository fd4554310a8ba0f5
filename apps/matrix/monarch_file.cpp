#include "monarch_file.hpp"

#include "dense_file.hpp"

#include <common/program.hpp>
#include <common/version.hpp>

#include <danaus/core/error.hpp>

#include <algorithm>

namespace danaus::app {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t newest_format = 1;

std::string numbered(const char* name, size_t index) {
  return "/" + std::string(name) + "_" + std::to_string(index);
}

void begin(io::Hdf5Writer& writer, size_t rows, size_t columns, const MonarchAttributes& attributes) {
  writer.header({"danaus-monarch", newest_format, created_by(), command_line(), 0});
  writer.attribute("/", "rows", std::int64_t(rows));
  writer.attribute("/", "columns", std::int64_t(columns));
  for (const auto& [name, value] : attributes) writer.attribute("/", name, value);
}

void write_permutation(io::Hdf5Writer& writer, const std::string& name,
                       const std::vector<size_t>& permutation) {
  writer.write(name, {permutation.size()},
               std::vector<std::uint64_t>(permutation.begin(), permutation.end()));
}

std::vector<size_t> read_permutation(const io::Hdf5Reader& reader, const std::string& name) {
  const auto info = reader.require(name, 1, {});
  if (!io::is_integer(info.type)) reader.fail(name, "expected integers, found " + io::describe(info));
  if (!io::is_signed(info.type)) {
    const auto numbers = reader.read<std::uint64_t>(name);
    return {numbers.begin(), numbers.end()};
  }
  std::vector<size_t> permutation;
  for (std::int64_t t : reader.read<std::int64_t>(name)) {
    if (t < 0) reader.fail(name, "expected numbers from 0, found " + std::to_string(t));
    permutation.push_back(size_t(t));
  }
  return permutation;
}

const std::vector<io::ScalarType> floating{io::ScalarType::f32, io::ScalarType::f64, io::ScalarType::c64,
                                           io::ScalarType::c128};

/// Blocks of any floating type, widened from real to complex where T asks for it.
template <class T>
HostTensor<T, 3> read_blocks(const io::Hdf5Reader& reader, const std::string& name) {
  const auto info = reader.require(name, 3, floating);
  if (io::is_complex(info.type) == is_complex_v<T>) return reader.read_tensor<T, 3>(name);
  if constexpr (is_complex_v<T>) {
    const auto real = reader.read_tensor<real_t<T>, 3>(name);
    const HostTensor<T, 3> blocks(name, layout_of<3>(shape_of(real)));
    for (size_t e = 0; e < real.size(); ++e) blocks.data()[e] = T(real.data()[e]);
    return blocks;
  }
  throw DataError(reader.path().string() + ":" + name + ": expected real numbers, found " +
                  io::describe(info));
}

template <class View>
bool is_order(const View& blocks) {
  return blocks.extent(1) == 1 && blocks.extent(2) == 1 &&
         std::all_of(blocks.data(), blocks.data() + blocks.size(),
                     [](auto x) { return x == decltype(x)(1); });
}

bool is_order(const io::Hdf5Reader& reader, const std::string& name, const io::ArrayInfo& info) {
  return info.shape[1] == 1 && info.shape[2] == 1 && is_order(read_blocks<Complex<double>>(reader, name));
}

size_t factor_count(const io::Hdf5Reader& reader) {
  size_t count = 0;
  while (reader.has_dataset(numbered("factor", count))) ++count;
  return count;
}

/// A size that the file states, or the one that its factors have.
size_t side(const io::Hdf5Reader& reader, const std::string& name, size_t whole) {
  if (!reader.has_attribute("/", name)) return whole;
  const auto stated = reader.attribute<std::int64_t>("/", name);
  if (stated < 1 || size_t(stated) > whole)
    reader.fail("/", "attribute " + name + ": expected 1 to " + std::to_string(whole) +
                         ", as the factors have, found " + std::to_string(stated));
  return size_t(stated);
}

void require_known_format(const io::Hdf5Reader& reader) {
  if (reader.is_sealed()) reader.require_format("danaus-monarch", newest_format);
}

}  // namespace

template <class T>
void write_monarch(const fs::path& path, const monarch::MonarchMatrix<T>& m, size_t rows, size_t columns,
                   const MonarchAttributes& attributes) {
  io::Hdf5Writer writer(path);
  begin(writer, rows, columns, attributes);
  writer.write("/left", m.left());
  writer.write("/right", m.right());
  if (!m.input_permutation().empty()) write_permutation(writer, "/input_permutation", m.input_permutation());
  writer.commit();
}

template <class T>
void write_monarch(const fs::path& path, const monarch::BlockProduct<T>& m, size_t rows, size_t columns,
                   const MonarchAttributes& attributes) {
  io::Hdf5Writer writer(path);
  begin(writer, rows, columns, attributes);
  for (size_t f = 0; f < m.factors().size(); ++f) {
    writer.write(numbered("factor", f), m.factors()[f].blocks);
    write_permutation(writer, numbered("permutation", f), m.factors()[f].permutation);
  }
  writer.commit();
}

template <class T>
size_t count_parameters(const monarch::BlockProduct<T>& m) {
  size_t count = 0;
  for (const auto& factor : m.factors()) count += is_order(factor.blocks) ? 0 : factor.blocks.size();
  return count;
}

bool is_monarch(const io::Hdf5Reader& reader) {
  return (reader.has_dataset("/left") && reader.has_dataset("/right")) || reader.has_dataset("/factor_0");
}

MonarchDescription describe_monarch(const io::Hdf5Reader& reader) {
  require_known_format(reader);
  if (!is_monarch(reader))
    reader.fail("/", "expected a Monarch matrix: /left and /right, or /factor_0, /factor_1, ...");
  MonarchDescription d;
  std::vector<std::string> names{"/left", "/right"};
  d.is_product = reader.has_dataset("/factor_0");
  if (d.is_product) {
    names.clear();
    d.factors = factor_count(reader);
    for (size_t f = 0; f < d.factors; ++f) names.push_back(numbered("factor", f));
  }
  d.type = io::ScalarType::f32;
  for (const auto& name : names) {
    const auto info = reader.require(name, 3, floating);
    d.type = promoted(d.type, info.type);
    if (!d.is_product || !is_order(reader, name, info)) d.parameters += info.size();
  }
  const auto first = reader.shape(names.front()), last = reader.shape(names.back());
  d.rows = side(reader, "rows", first[0] * first[1]);
  d.columns = side(reader, "columns", last[0] * last[2]);
  return d;
}

template <class T>
StoredMonarch<T> read_monarch(const io::Hdf5Reader& reader) {
  const MonarchDescription d = describe_monarch(reader);
  try {
    if (!d.is_product) {
      const auto permutation = reader.has_dataset("/input_permutation")
                                   ? read_permutation(reader, "/input_permutation")
                                   : std::vector<size_t>();
      return monarch::Padded(monarch::MonarchMatrix<T>(read_blocks<T>(reader, "/left"),
                                                       read_blocks<T>(reader, "/right"), permutation),
                             d.rows, d.columns);
    }
    std::vector<monarch::BlockFactor<T>> factors;
    for (size_t f = 0; f < d.factors; ++f)
      factors.push_back({read_blocks<T>(reader, numbered("factor", f)),
                         read_permutation(reader, numbered("permutation", f))});
    return monarch::Padded(monarch::BlockProduct<T>(std::move(factors)), d.rows, d.columns);
  } catch (const ShapeError& error) {
    throw DataError(reader.path().string() + ": " + error.what());
  }
}

#define DANAUS_INSTANTIATE(T)                                                                       \
  template void write_monarch<T>(const fs::path&, const monarch::MonarchMatrix<T>&, size_t, size_t, \
                                 const MonarchAttributes&);                                         \
  template void write_monarch<T>(const fs::path&, const monarch::BlockProduct<T>&, size_t, size_t,  \
                                 const MonarchAttributes&);                                         \
  template size_t count_parameters<T>(const monarch::BlockProduct<T>&);                             \
  template StoredMonarch<T> read_monarch<T>(const io::Hdf5Reader&);
DANAUS_INSTANTIATE(float)
DANAUS_INSTANTIATE(double)
DANAUS_INSTANTIATE(Complex<float>)
DANAUS_INSTANTIATE(Complex<double>)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::app
