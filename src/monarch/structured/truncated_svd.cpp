#include <monarch/structured/truncated_svd.hpp>

#include <danaus/core/instantiate.hpp>
#include <danaus/linalg/svd.hpp>

#include <monarch/structured/batch.hpp>

#include <type_traits>

namespace danaus::monarch {

namespace {

/// T between working precision and double.
template <class To, class From>
To convert(From x) {
  if constexpr (is_complex_v<To>)
    return {real_t<To>(x.real()), real_t<To>(x.imag())};
  else
    return To(x);
}

}  // namespace

template <class T>
TruncatedSvd<T> truncated_svd(const HostTensor<T, 2>& a, size_t rank) {
  using D = std::conditional_t<is_complex_v<T>, Complex<double>, double>;
  require_finite("singular value decomposition", a);
  const size_t rows = a.extent(0), columns = a.extent(1);
  std::vector<D> column_major(a.size());
  for (size_t row = 0; row < rows; ++row)
    for (size_t column = 0; column < columns; ++column)
      column_major[column * rows + row] = convert<D>(a(row, column));
  const auto triplets = linalg::leading_svd<D>(column_major.data(), rows, columns, rank);

  const TruncatedSvd<T> svd{make_batch<T>(rows, rank), triplets.sigma, make_batch<T>(columns, rank)};
  for (size_t q = 0; q < rank; ++q) {
    for (size_t row = 0; row < rows; ++row) svd.u(row, q) = convert<T>(triplets.u[q * rows + row]);
    for (size_t column = 0; column < columns; ++column)
      svd.v(column, q) = convert<T>(triplets.v[q * columns + column]);
  }
  return svd;
}

#define DANAUS_INSTANTIATE(T) template TruncatedSvd<T> truncated_svd<T>(const HostTensor<T, 2>&, size_t);
DANAUS_FOR_EACH_SCALAR(DANAUS_INSTANTIATE)
#undef DANAUS_INSTANTIATE

}  // namespace danaus::monarch
