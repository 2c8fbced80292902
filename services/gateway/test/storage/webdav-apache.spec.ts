import { webdavServerContract } from '../contract/webdav-server.contract.js';
import { APACHE } from '../support/webdav-server.js';

webdavServerContract(APACHE);
