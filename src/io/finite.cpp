#include <danaus/io/finite.hpp>

#include <algorithm>
#include <cmath>

namespace danaus::io {

namespace {

constexpr std::size_t piece = std::size_t(16) << 20;

bool is_finite(double x) { return std::isfinite(x); }
bool is_finite(Complex<double> x) { return std::isfinite(x.real()) && std::isfinite(x.imag()); }

/// T: double or Complex<double>, which hold every value of the other types.
template <class T>
std::optional<Extents> search(const Hdf5Reader& reader, const std::string& name) {
  const ArrayInfo info = reader.info(name);
  if (info.rank() == 0) {
    if (is_finite(reader.read<T>(name)[0])) return std::nullopt;
    return Extents{};
  }
  const std::size_t row = info.size() / info.shape[0];
  const std::size_t step = std::max<std::size_t>(1, piece / (row * sizeof(T)));
  for (std::size_t first = 0; first < info.shape[0]; first += step) {
    const auto data = reader.read_slab<T>(name, first, std::min(step, info.shape[0] - first));
    const auto bad = std::find_if(data.begin(), data.end(), [](T x) { return !is_finite(x); });
    if (bad == data.end()) continue;
    Extents index(info.rank());
    std::size_t entry = std::size_t(bad - data.begin()) + first * row;
    for (std::size_t axis = info.rank(); axis-- > 0; entry /= info.shape[axis])
      index[axis] = entry % info.shape[axis];
    return index;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Extents> first_not_finite(const Hdf5Reader& reader, const std::string& name) {
  const ScalarType type = reader.type(name);
  if (is_complex(type)) return search<Complex<double>>(reader, name);
  if (is_floating(type)) return search<double>(reader, name);
  return std::nullopt;
}

void require_finite(const Hdf5Reader& reader, const std::string& name) {
  if (const auto index = first_not_finite(reader, name))
    reader.fail(name, "expected finite values, found an infinity or nan at " + to_string(*index));
}

void require_all_finite(const Hdf5Reader& reader) {
  for (const std::string& name : reader.all_datasets()) require_finite(reader, name);
}

}  // namespace danaus::io
