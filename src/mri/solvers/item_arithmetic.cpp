#include <danaus/mri/solvers/item_arithmetic.hpp>

#include <danaus/core/instantiate.hpp>

#include <algorithm>

namespace danaus::mri {

namespace {

constexpr size_t block_entries = 4096;

size_t blocks_of(size_t entries) { return (entries + block_entries - 1) / block_entries; }

void require_factors(const char* what, size_t factors, size_t items) {
  if (factors != items)
    throw ShapeError(std::string(what) + ": expected " + std::to_string(items) + " factors, found " +
                     std::to_string(factors));
}

}  // namespace

template <class R>
void block_dots(const Exec& space, ConstImages<R> x, ConstImages<R> y, Tensor<double, 2> sums) {
  const size_t entries = 2 * x.size() / x.extent(0), step = 2 * block_entries;
  const R* first_x = reinterpret_cast<const R*>(x.data());
  const R* first_y = reinterpret_cast<const R*>(y.data());
  Kokkos::parallel_for(
      "danaus::mri::item_dots", over_rows(space, sums.extent(0), sums.extent(1)),
      KOKKOS_LAMBDA(size_t b, size_t block) {
        const size_t begin = block * step, end = begin + step < entries ? begin + step : entries;
        const R* a = first_x + b * entries;
        const R* c = first_y + b * entries;
        double part[8] = {};
        size_t i = begin;
        for (; i + 8 <= end; i += 8)
          for (int lane = 0; lane < 8; ++lane) part[lane] += double(a[i + lane]) * double(c[i + lane]);
        for (int lane = 0; i < end; ++i, ++lane) part[lane] += double(a[i]) * double(c[i]);
        sums(b, block) =
            ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
      });
}

template <class R>
std::vector<double> item_dots(const Exec& space, ConstImages<R> x, ConstImages<R> y) {
  require_shape("mri::item_dots: y", y, shape_of(x));
  const size_t items = x.extent(0), blocks = blocks_of(x.size() / std::max<size_t>(1, items));
  const auto sums = uninitialized<double, 2>("danaus::mri::item_dots", {items, blocks});
  block_dots<R>(space, x, y, sums);
  space.fence("danaus::mri::item_dots");
  const auto host = to_host(sums);
  std::vector<double> totals(items, 0.0);
  for (size_t b = 0; b < items; ++b)
    for (size_t block = 0; block < blocks; ++block) totals[b] += host(b, block);
  return totals;
}

template <class R>
void block_max_abs(const Exec& space, ConstImages<R> x, Tensor<double, 2> largest) {
  const size_t entries = x.size() / x.extent(0);
  const Complex<R>* first = x.data();
  Kokkos::parallel_for(
      "danaus::mri::item_max_abs", over_rows(space, largest.extent(0), largest.extent(1)),
      KOKKOS_LAMBDA(size_t b, size_t block) {
        const size_t begin = block * block_entries;
        const size_t end = begin + block_entries < entries ? begin + block_entries : entries;
        double worst = 0;
        for (size_t i = begin; i < end; ++i) {
          const Complex<R> v = first[b * entries + i];
          const double power = double(v.real()) * double(v.real()) + double(v.imag()) * double(v.imag());
          worst = power > worst ? power : worst;
        }
        largest(b, block) = Kokkos::sqrt(worst);
      });
}

template <class R>
std::vector<double> item_max_abs(const Exec& space, ConstImages<R> x) {
  const size_t items = x.extent(0), blocks = blocks_of(x.size() / std::max<size_t>(1, items));
  const auto largest = uninitialized<double, 2>("danaus::mri::item_max_abs", {items, blocks});
  block_max_abs<R>(space, x, largest);
  space.fence("danaus::mri::item_max_abs");
  const auto host = to_host(largest);
  std::vector<double> result(items, 0.0);
  for (size_t b = 0; b < items; ++b)
    for (size_t block = 0; block < blocks; ++block) result[b] = std::max(result[b], host(b, block));
  return result;
}

template <class R>
Tensor<R, 1> to_device_vector(const std::vector<double>& values) {
  HostTensor<R, 1> host("danaus::mri::to_device_vector", values.size());
  for (size_t i = 0; i < values.size(); ++i) host(i) = R(values[i]);
  return to_device<R, 1>(host);
}

template <class R>
void add_scaled_on_device(const Exec& space, ConstTensor<R, 1> factors, ConstImages<R> x, Images<R> y) {
  const size_t entries = x.size() / x.extent(0);
  const Complex<R>* from = x.data();
  Complex<R>* to = y.data();
  Kokkos::parallel_for(
      "danaus::mri::add_scaled_items", over_rows(space, x.extent(0), blocks_of(entries)),
      KOKKOS_LAMBDA(size_t b, size_t block) {
        const size_t begin = block * block_entries;
        const size_t end = begin + block_entries < entries ? begin + block_entries : entries;
        const R factor = factors(b);
        for (size_t i = b * entries + begin; i < b * entries + end; ++i) to[i] += factor * from[i];
      });
}

template <class R>
void add_scaled_items(const Exec& space, const std::vector<double>& factors, ConstImages<R> x, Images<R> y) {
  require_shape("mri::add_scaled_items: y", y, shape_of(x));
  require_factors("mri::add_scaled_items", factors.size(), x.extent(0));
  add_scaled_on_device<R>(space, to_device_vector<R>(factors), x, y);
}

template <class R>
void scale_and_add_on_device(const Exec& space, ConstImages<R> x, ConstTensor<R, 1> factors, Images<R> y) {
  const size_t entries = x.size() / x.extent(0);
  const Complex<R>* from = x.data();
  Complex<R>* to = y.data();
  Kokkos::parallel_for(
      "danaus::mri::scale_and_add_items", over_rows(space, x.extent(0), blocks_of(entries)),
      KOKKOS_LAMBDA(size_t b, size_t block) {
        const size_t begin = block * block_entries;
        const size_t end = begin + block_entries < entries ? begin + block_entries : entries;
        const R factor = factors(b);
        for (size_t i = b * entries + begin; i < b * entries + end; ++i) to[i] = from[i] + factor * to[i];
      });
}

template <class R>
void scale_and_add_items(const Exec& space, ConstImages<R> x, const std::vector<double>& factors,
                         Images<R> y) {
  require_shape("mri::scale_and_add_items: y", y, shape_of(x));
  require_factors("mri::scale_and_add_items", factors.size(), x.extent(0));
  scale_and_add_on_device<R>(space, x, to_device_vector<R>(factors), y);
}

template <class R>
void combine(const Exec& space, R a, ConstImages<R> x, R b, ConstImages<R> y, Images<R> z) {
  require_shape("mri::combine: y", y, shape_of(x));
  require_shape("mri::combine: z", z, shape_of(x));
  const Complex<R>* first = x.data();
  const Complex<R>* second = y.data();
  Complex<R>* to = z.data();
  Kokkos::parallel_for(
      "danaus::mri::combine", over_entries(space, x),
      KOKKOS_LAMBDA(size_t i) { to[i] = a * first[i] + b * second[i]; });
}

#define DANAUS_INSTANTIATE(R)                                                                               \
  template std::vector<double> item_dots<R>(const Exec&, ConstImages<R>, ConstImages<R>);                   \
  template std::vector<double> item_max_abs<R>(const Exec&, ConstImages<R>);                                \
  template void add_scaled_items<R>(const Exec&, const std::vector<double>&, ConstImages<R>, Images<R>);    \
  template void scale_and_add_items<R>(const Exec&, ConstImages<R>, const std::vector<double>&, Images<R>); \
  template void combine<R>(const Exec&, R, ConstImages<R>, R, ConstImages<R>, Images<R>);                   \
  template Tensor<R, 1> to_device_vector<R>(const std::vector<double>&);
DANAUS_FOR_EACH_REAL(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::mri
