export default async function globalTeardown(): Promise<void> {
  // Nothing is running yet that outlives the tests.
}
