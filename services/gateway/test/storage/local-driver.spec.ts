import { fileDriverContract } from '../contract/file-driver.contract.js';
import { makeStorage, VARIANTS } from '../support/storage-fixture.js';

for (const [name, options] of VARIANTS) fileDriverContract(`local, ${name}`, () => makeStorage(options));

fileDriverContract('local, two replicas on one folder', () => {
  const one = makeStorage();
  const two = one.replica();
  return {
    driver: one.driver,
    other: two.driver,
    close: () => {
      two.close();
      one.close();
    },
  };
});
